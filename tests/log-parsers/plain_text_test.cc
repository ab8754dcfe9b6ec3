// The short ways of reading what a log is full of give what the long ones give.
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cstdio>
#include <random>
#include <string>

#include "log-parsers/transformers/bar.h"
#include "log-parsers/transformers/number.h"
#include "log-parsers/transformers/plain_frame.h"
#include "log-parsers/transformers/record.h"

namespace stoker::transformers {
namespace {

void expect_exact(const std::string& text) {
  const std::string member = text + ",";
  Number number;
  const size_t behind = read_plain_number(member, 0, number);
  if (behind == std::string::npos) return;
  EXPECT_EQ(behind, text.size()) << text;
  int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  EXPECT_EQ(number.whole, error == std::errc{} && end == text.data() + text.size()) << text;
  if (number.whole) {
    EXPECT_EQ(number.i, whole) << text;
    return;
  }
  double real = 0;
  std::from_chars(text.data(), text.data() + text.size(), real);
  EXPECT_EQ(std::bit_cast<uint64_t>(number.r), std::bit_cast<uint64_t>(real)) << text;
}

TEST(PlainNumber, IsExact) {
  std::mt19937_64 random(11);
  const auto printed = [](const char* format, auto value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return std::string(text);
  };
  for (int round = 0; round < 300000; ++round) {
    const double unit = static_cast<double>(random()) / 1.8446744073709552e19;
    expect_exact(printed("%.4f", unit * 12));
    expect_exact(printed("%.3g", unit * 1e-5));
    expect_exact(printed("%.8g", (unit - 0.5) * 1e9));
    expect_exact(printed("%.9e", std::bit_cast<double>(random())));
    expect_exact(printed("%.16g", unit));
    expect_exact(printed("%lld", static_cast<long long>(random()) >> random() % 64));
  }
}

TEST(PlainNumber, KnowsItsBounds) {
  for (const std::string text :
       {"0", "-0", "-0.0", "0.0", "1e+22", "1e-22", "99999999", "99999999.99999999", "1e23", "12345678.12345678e+22",
        "0.00000001e-14", "00000001", "00.50", "0.123456789", "-1.9948717948717948e-05"})
    expect_exact(text);
  Number number;
  for (const std::string text : {"", "-", ".5", "1.", "1.e-05", "1e5", "1e-5", "1e-005", "123456789", "nan", "inf",
                                 "-inf", "+1", "0x10", "1_000"}) {
    const std::string member = text + (text.ends_with('0') ? "" : ",");
    const size_t behind = read_plain_number(member, 0, number);
    EXPECT_TRUE(behind == std::string::npos || member[behind] != ',') << text;
  }
}

std::string frame(std::mt19937& random) {
  const auto any = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  char text[200];
  const unsigned total = any(2) == 0 ? 500 : 20000, n = any(total + 1);
  const char* const cells[] = {"          ", "█         ", "████▎     ", "##8"};
  const char* const rates[] = {" 1.50s/it", "12.34it/s",           " 0.00s/it",       "123.4it/s",
                               "?it/s",     " 1.50s/it, loss=0.3", " 2.00 examples/s"};
  std::snprintf(text, sizeof text, "%3u%%|%s| %u/%u [%02u:%02u<%u:%02u:%02u, %s]", n * 100 / total, cells[any(4)], n,
                total, any(60), any(60), any(3), any(60), any(60), rates[any(3) == 0 ? any(7) : 0]);
  std::string made = text;
  for (unsigned breaks = any(4) == 0 ? any(3) : 0; breaks > 0; --breaks)
    made[any(static_cast<unsigned>(made.size()))] = "0 9:,|<[]/%.{x"[any(14)];
  return made;
}

// What find_bar() says of a text that is one frame; nothing of it may differ, whatever was read before.
TEST(PlainFrame, SaysWhatFindBarSays) {
  std::mt19937 random(5);
  PlainFrame plain;
  int read = 0, at_once = 0;
  for (int round = 0; round < 300000; ++round) {
    const std::string text = frame(random);
    Bar bar, expected;
    if (random() % 4 != 0) {  // the same again, as it comes from a stream
      Bar at_front;
      const std::string ended = text + (random() % 2 == 0 ? "\r" : "\n") + (random() % 2 == 0 ? "more" : "");
      if (plain.read_front(ended, at_front)) {
        ++at_once;
        ASSERT_TRUE(plain.read(text, bar)) << text;
        ASSERT_EQ(at_front.n, bar.n) << text;
        ASSERT_EQ(at_front.end, text.size()) << text;
      }
      ASSERT_FALSE(plain.read_front(text, at_front)) << text;
      ASSERT_FALSE(plain.read_front(text + "x\n", at_front)) << text;
    }
    if (!plain.read(text, bar)) continue;
    ++read;
    ASSERT_TRUE(find_bar(text, 0, expected)) << text;
    ASSERT_EQ(bar.title, expected.title) << text;
    ASSERT_EQ(bar.n, expected.n) << text;
    ASSERT_EQ(bar.total, expected.total) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(bar.elapsed_s), std::bit_cast<uint64_t>(expected.elapsed_s)) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(bar.rate), std::bit_cast<uint64_t>(expected.rate)) << text;
    ASSERT_EQ(bar.unit, expected.unit) << text;
    ASSERT_EQ(bar.end, expected.end) << text;
    ASSERT_FALSE(find_bar(text, expected.end, expected)) << text;
    ASSERT_EQ(text.find('{'), std::string::npos) << text;
  }
  EXPECT_GT(read, 100000);
  EXPECT_GT(at_once, 1000);
}

// What a fresh record says of a dict, whatever was read before.
TEST(Record, SaysTheSameWhenItKnowsTheShape) {
  std::mt19937 random(13);
  const auto one_of = [&](const auto& all) { return all[random() % std::size(all)]; };
  const char* const keys[] = {"'loss'", "'grad_norm'", "\"lr\"", "'epoch'", "''"};
  const char* const values[] = {"0.5",         "'0.25'", "1.9948717948717948e-05",
                                "3",           "nan",    "'inf'",
                                "[1, 2]",      "None",   "1e-05",
                                "12345678901", "'",      "1_0",
                                "-0.0",        "\"2\""};
  Record record;
  std::string shape[4];
  int known = 0;
  for (int round = 0; round < 100000; ++round) {
    if (random() % 8 == 0)
      for (std::string& key : shape) key = one_of(keys);
    std::string text = "x {";
    const size_t at = 2, count = random() % 8 == 0 ? random() % 4 : 4;
    for (size_t i = 0; i < count; ++i)
      text += (i == 0 ? "" : ", ") + shape[i] + ": " + (random() % 6 == 0 ? one_of(values) : values[random() % 4]);
    text += random() % 10 == 0 ? "" : "}";
    if (random() % 10 == 0) text[random() % text.size()] = "0'\"{},: e"[random() % 9];
    Record fresh;
    const size_t behind = fresh.parse(text, at);
    ASSERT_EQ(record.parse(text, at), behind) << text;
    if (behind == std::string::npos) continue;
    ++known;
    ASSERT_EQ(record.items.size(), fresh.items.size()) << text;
    for (size_t i = 0; i < fresh.items.size(); ++i) {
      ASSERT_EQ(record.items[i].key, fresh.items[i].key) << text;
      ASSERT_EQ(record.items[i].value.whole, fresh.items[i].value.whole) << text;
      ASSERT_EQ(std::bit_cast<uint64_t>(record.items[i].value.real()),
                std::bit_cast<uint64_t>(fresh.items[i].value.real()))
          << text;
    }
  }
  EXPECT_GT(known, 50000);
}

}  // namespace
}  // namespace stoker::transformers
