#include "core/api/target.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace stoker::api {
namespace {

TEST(Target, DecodesPathAndQuery) {
  const Target target = parse_target("/v1/a%2Fb/c%20d?x=1&y=a+b%26&z");
  EXPECT_EQ(target.path, (std::vector<std::string>{"v1", "a/b", "c d"}));
  EXPECT_EQ(target.text("x"), "1");
  EXPECT_EQ(target.text("y"), "a b&");
  EXPECT_EQ(target.text("z", "default"), "");
  EXPECT_EQ(target.text("w", "default"), "default");
  EXPECT_TRUE(parse_target("/").path.empty());
}

TEST(Target, RefusesOddPaths) {
  for (const char* bad :
       {"", "a", "/a/../b", "/%2e%2E/b", "/./a", "//a", "/a/", "/%", "/%4", "/%zz", "/%00", "/%ff", "/a?x=1&x=2"})
    EXPECT_THROW((void)parse_target(bad), Error) << bad;
}

TEST(Target, ReadsNumbersWithinBounds) {
  const Target target = parse_target("/?a=5&b=-1&c=1x&d=99999999999999999999&e=");
  EXPECT_EQ(target.number("a", 0, 1, 10), 5);
  EXPECT_EQ(target.number("none", 7, 1, 10), 7);
  for (const char* key : {"b", "c", "d", "e"}) {
    try {
      (void)target.number(key, 0, 0, 10);
      ADD_FAILURE() << key;
    } catch (const Error& error) {
      EXPECT_EQ(error.field, key);
      EXPECT_EQ(error.what(), std::string(key) + " is not a whole number from 0 to 10");
    }
  }
}

}  // namespace
}  // namespace stoker::api
