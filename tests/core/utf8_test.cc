#include "core/utf8.h"

#include <gtest/gtest.h>

namespace stoker {
namespace {

TEST(Utf8, KeepsWhatIsValid) {
  const std::string text("loss \xE2\x96\x88 \xF0\x9F\x94\xA5 \0 end", 18);
  EXPECT_EQ(to_utf8(text), text);
}

TEST(Utf8, ReplacesEachMaximalBadSequence) {
  EXPECT_EQ(to_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_utf8("\xE2\x96"), "\xEF\xBF\xBD");                              // cut short
  EXPECT_EQ(to_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(to_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  EXPECT_EQ(to_utf8("\xE2\x96(x"), "\xEF\xBF\xBD(x");
}

}  // namespace
}  // namespace stoker
