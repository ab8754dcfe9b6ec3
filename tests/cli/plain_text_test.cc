#include "core/cli/plain_text.h"

#include <gtest/gtest.h>

namespace stoker::cli {
namespace {

TEST(PlainText, drops_what_would_steer_the_terminal) {
  EXPECT_EQ(printable("a\tb\nc"), "a\tb\nc");
  EXPECT_EQ(printable("\x1b[31mred\x1b[0m \x1b]0;title\x07ok\x1b]8;;x\x1b\\!\x1b"), "red ok!");
  EXPECT_EQ(printable("a\x07\x08\x7f\r\x01z"), "az");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "31m");
  EXPECT_EQ(printable("safe\xe2\x80\xae"
                      "evil\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c."),
            "safeevil.");
  EXPECT_EQ(printable("\xe2\x96\x8e \xc3\xa9"), "\xe2\x96\x8e \xc3\xa9");
  EXPECT_EQ(printable("\xff"), "\xef\xbf\xbd");
}

TEST(PlainText, shows_the_last_picture_of_a_redrawn_line) {
  const std::string log = "one\r\n 1%|a\r 2%|b\r 3%|c\nlast\x1b[1m line";
  for (size_t cut = 0; cut <= log.size(); ++cut) {
    LogText text;
    std::string shown = text.feed(log.substr(0, cut));
    shown += text.feed(log.substr(cut));
    shown += text.finish();
    EXPECT_EQ(shown, "one\n 3%|c\nlast line\n") << cut;
  }
}

TEST(PlainText, bounds_a_line_without_end) {
  LogText text;
  size_t shown = 0;
  for (int i = 0; i < 300; ++i) shown += text.feed(std::string(1000, 'x')).size();
  EXPECT_GE(shown, 4 * LogText::kMaxLine);
}

}  // namespace
}  // namespace stoker::cli
