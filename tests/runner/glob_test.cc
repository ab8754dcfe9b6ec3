#include "core/runner/glob.h"

#include <gtest/gtest.h>

#include "core/runner/failure.h"

namespace stoker::runner {
namespace {

TEST(Glob, StarsStayWithinAName) {
  EXPECT_TRUE(glob_matches("*.pt", "a.pt"));
  EXPECT_TRUE(glob_matches("*", ".hidden"));
  EXPECT_FALSE(glob_matches("*.pt", "d/a.pt"));
  EXPECT_FALSE(glob_matches("*", "d/a"));
  EXPECT_TRUE(glob_matches("a*b*c", "axxbxbc"));
  EXPECT_FALSE(glob_matches("a*b*c", "axxbxb"));
}

TEST(Glob, TwoStarsAreAnyDepth) {
  EXPECT_TRUE(glob_matches("**/a", "a"));
  EXPECT_TRUE(glob_matches("**/a", "x/y/a"));
  EXPECT_TRUE(glob_matches("x/**/a", "x/a"));
  EXPECT_TRUE(glob_matches("x/**", "x/y/z"));
  EXPECT_FALSE(glob_matches("x/**", "x"));
  EXPECT_FALSE(glob_matches("x/**/a", "y/a"));
}

TEST(Glob, ASlashAtTheEndIsAllBelow) {
  EXPECT_TRUE(glob_matches("out/", "out/a/b"));
  EXPECT_FALSE(glob_matches("out/", "out"));
  EXPECT_FALSE(glob_matches("out/", "output/a"));
  EXPECT_TRUE(glob_matches("./", "a/b"));
  EXPECT_TRUE(glob_matches("./a", "a"));
}

TEST(Glob, AQuestionMarkIsOneCharacter) {
  EXPECT_TRUE(glob_matches("?.txt", "a.txt"));
  EXPECT_TRUE(glob_matches("?.txt", "\xc3\xa9.txt"));
  EXPECT_FALSE(glob_matches("?", ""));
  EXPECT_FALSE(glob_matches("?", "ab"));
}

TEST(Glob, HardPatternsTakeNoTime) {
  std::string pattern, path;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern, std::string(1000, 'a') + 'b'));
  pattern.clear();
  for (int i = 0; i < 300; ++i) pattern += "**/";
  for (int i = 0; i < 500; ++i) path += "a/";
  EXPECT_FALSE(glob_matches(pattern + "b", path + "c"));
}

TEST(Glob, PatternsThatLeaveAreRefused) {
  using namespace std::string_literals;
  EXPECT_EQ(parse_patterns("a/*\0b/\0"s), (std::vector<std::string>{"a/*", "b/"}));
  for (const auto& bytes : {"/x\0"s, "../x\0"s, "a/..\0"s, "\0"s, "unended"s})
    EXPECT_THROW((void)parse_patterns(bytes), Failure);
}

}  // namespace
}  // namespace stoker::runner
