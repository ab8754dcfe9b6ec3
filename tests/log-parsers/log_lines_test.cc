#include "sdk/include/stoker/cpp/log_lines.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stoker {
namespace {

std::vector<std::string> lines_of(std::string_view bytes, size_t chunk, uint32_t max = 0) {
  std::vector<std::string> out;
  LogLines lines(0, max);
  const auto each = [&](const LogLine& line) {
    out.push_back(std::string(line.text) + "@" + std::to_string(line.first_byte) + "-" +
                  std::to_string(line.last_byte) + (line.redrawn ? "r" : "") + (line.truncated ? "t" : "") +
                  (line.rank < 0 ? "" : "#" + std::to_string(line.rank)) +
                  (line.source.empty() ? "" : " of " + std::string(line.source)));
  };
  for (size_t at = 0; at < bytes.size(); at += chunk) lines.push(bytes.substr(at, chunk), each);
  lines.finish(each);
  return out;
}

TEST(LogLines, EndsAtLfCrAndCrlf) {
  const std::vector<std::string> expected = {"a@0-0", "b@2-2r", "c@4-4r", "@7-7", "d@8-8"};
  for (const size_t chunk : {1u, 2u, 3u, 100u}) EXPECT_EQ(lines_of("a\nb\rc\r\n\nd", chunk), expected) << chunk;
}

TEST(LogLines, DropsEscapesAndControlCharacters) {
  constexpr char kBytes[] = "\x1b[1;31mred\x1b[0m\x1b]0;title\a\x1b]8;;x\x1b\\ a\0b\tc\x1b[";
  const std::string bytes(kBytes, sizeof(kBytes) - 1);  // with its NUL
  for (const size_t chunk : {1u, 2u, 100u}) EXPECT_EQ(lines_of(bytes, chunk).at(0).substr(0, 8), "red ab\tc") << chunk;
}

TEST(LogLines, CutsLauncherPrefixes) {
  EXPECT_EQ(lines_of("[rank3]: x\n", 99).at(0), "x@0-9#3");
  EXPECT_EQ(lines_of("(head, rank=2, pid=17) x\n", 99).at(0), "x@0-23#2 of head");
  EXPECT_EQ(lines_of("(train pid=17, ip=10.0.0.2) x\n", 99).at(0), "x@0-28 of train");
  EXPECT_EQ(lines_of("[Pod sft-1]: x\n", 99).at(0), "x@0-13 of sft-1");
  EXPECT_EQ(lines_of("3: x\n", 99).at(0), "x@0-3#3");
  EXPECT_EQ(lines_of("10.254.21.77: [rank1]: x\n", 99).at(0), "x@0-23#1 of 10.254.21.77");
  EXPECT_EQ(lines_of("sft-demo/3 x\n", 99).at(0), "x@0-11#3 of sft-demo");
  EXPECT_EQ(lines_of("[default0]:[rank0]:x\n", 99).at(0), "x@0-19#0");
  EXPECT_EQ(lines_of("2023-04-29 06:01:12.977 [177/train/578 (pid 289)]   x\n", 99).at(0), "  x@0-52 of 177/train/578");
  for (const std::string prefix : {"[rank1]: ", "3: ", "10.254.21.77: ", "(head, rank=0, pid=17) ", "sft-demo/3 "})
    EXPECT_TRUE(lines_of(prefix + "  File\n", 99).at(0).starts_with("  File@")) << "the indentation is the line's own";
}

TEST(LogLines, LeaveWhatOnlyLooksLikeALauncherPrefix) {
  for (const std::string line :
       {"[rankle]: x", "[rank-1]: x", "3:x", "3.5: x", "123456: x", "1/10 [00:01<00:09]", "epoch/3 x", "(n=3) x",
        "2023-04-29 06:01:12.977 [a/b (pid 1)] x", "2023-04-29 06:01:12.977 [INFO] x",
        "10%|#| 1/10 [00:01<00:09, 1.00it/s]", "a-b/c x"}) {
    EXPECT_EQ(lines_of(line + "\n", 99).at(0), line + "@0-" + std::to_string(line.size() - 1));
  }
}

// A reader that takes the segments of one length itself, where it is asked for them.
TEST(LogLines, OfferWhatTheReaderMayKnow) {
  const std::string_view bytes = "abc\rde\r\nabc\r\nabc\nab\x1b[0mc\nabc";
  const std::vector<std::string> whole = {"known abc@0",  "de@4-5r",   "known abc@8",
                                          "known abc@13", "abc@17-23", "abc@25-27"};
  for (const size_t chunk : {1u, 2u, 3u, 4u, 5u, 100u}) {
    std::vector<std::string> told, texts;
    LogLines lines;
    const auto each = [&](const LogLine& line) {
      texts.emplace_back(line.text);
      told.push_back(std::string(line.text) + "@" + std::to_string(line.first_byte) + "-" +
                     std::to_string(line.last_byte) + (line.redrawn ? "r" : ""));
    };
    const auto known = [&](std::string_view rest, uint64_t first_byte) -> size_t {
      if (rest.size() < 4 || !rest.starts_with("abc") || !LogLines::is_line_end(rest[3])) return 0;
      texts.emplace_back("abc");
      told.push_back("known abc@" + std::to_string(first_byte));
      return 3;
    };
    for (size_t at = 0; at < bytes.size(); at += chunk) lines.push(bytes.substr(at, chunk), each, known);
    lines.finish(each);
    EXPECT_EQ(texts, (std::vector<std::string>{"abc", "de", "abc", "abc", "abc", "abc"})) << chunk;
    if (chunk == 100) {
      EXPECT_EQ(told, whole);
    }
  }
}

TEST(LogLines, DropsByteOrderMarks) {
  for (const size_t chunk : {1u, 2u, 100u})
    EXPECT_EQ(lines_of("\xEF\xBB\xBF"
                       "a\nb\n",
                       chunk),
              (std::vector<std::string>{"a@0-3", "b@5-5"}))
        << chunk;
}

TEST(LogLines, CutsLongLinesAndHoldsNoMore) {
  for (const size_t chunk : {1u, 3u, 100u}) {
    EXPECT_EQ(lines_of("0123456789\nab\n", chunk, 4), (std::vector<std::string>{"0123@0-9t", "ab@11-12"})) << chunk;
  }
  LogLines lines;
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) {
    lines.push(piece, [](const LogLine&) { FAIL(); });
    ASSERT_LE(lines.held(), LogLines::kDefaultMaxLineBytes);
  }
  int seen = 0;
  lines.push("\n", [&](const LogLine& line) {
    ++seen;
    EXPECT_TRUE(line.truncated);
    EXPECT_EQ(line.last_byte, 100u * (1 << 20) - 1);
  });
  EXPECT_EQ(seen, 1);
}

TEST(Utf8Text, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(utf8_text("a\xE2\x96\x88"), "a\xE2\x96\x88");
  EXPECT_EQ(utf8_text("\xff\xE2\x96"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(utf8_text("\xED\xA0\x80").size(), 9u);
}

}  // namespace
}  // namespace stoker
