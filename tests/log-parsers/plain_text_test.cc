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
  const char* const behind = read_plain_number(member.data(), member.data() + member.size(), number);
  if (behind == nullptr) return;
  EXPECT_EQ(behind, member.data() + text.size()) << text;
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
  for (const std::string text : {"0", "-0", "-0.0", "0.0", "1e+22", "1e-22", "99999999", "99999999.99999999", "1e23",
                                 "12345678.12345678e+22", "0.00000001e-14", "00000001", "00.50"})
    expect_exact(text);
  Number number;
  for (const std::string text : {"", "-", ".5", "1.", "1.e-05", "1e5", "1e-5", "1e-005", "123456789", "0.123456789",
                                 "nan", "inf", "-inf", "+1", "0x10", "1_000"}) {
    const std::string member = text + (text.ends_with('0') ? "" : ",");
    const char* const behind = read_plain_number(member.data(), member.data() + member.size(), number);
    EXPECT_TRUE(behind == nullptr || *behind != ',') << text;
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
  int read = 0;
  for (int round = 0; round < 300000; ++round) {
    const std::string text = frame(random);
    Bar bar, expected;
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
}

}  // namespace
}  // namespace stoker::transformers
