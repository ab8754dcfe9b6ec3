#include "core/training_log/sign_set.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace stoker::training_log {
namespace {

TEST(SignSet, FindsTheFirstInItsOwnOrder) {
  constexpr std::string_view kSigns[] = {"Error in", "Killed", "Errors", "ab"};
  const SignSet set(kSigns);
  EXPECT_EQ(set.first_in(""), -1);
  EXPECT_EQ(set.first_in("E"), -1);
  EXPECT_EQ(set.first_in("Error"), -1);
  EXPECT_EQ(set.first_in("Errors Killed"), 1);
  EXPECT_EQ(set.first_in("abab Errors"), 2);
  EXPECT_EQ(set.first_in("Killed ab Error in"), 0);
  EXPECT_EQ(set.first_in("xab"), 3);
}

TEST(SignSet, AgreesWithAPlainSearch) {
  constexpr std::string_view kSigns[] = {"aab", "bA", "[A]", "A]b", "  a", "bbbb"};
  const SignSet set(kSigns);
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (unsigned n = random() % 12; n > 0; --n) text += "abA[] "[random() % 6];
    int expected = -1;
    for (int sign = 5; sign >= 0; --sign)
      if (text.find(kSigns[sign]) != std::string::npos) expected = sign;
    ASSERT_EQ(set.first_in(text), expected) << text;
  }
}

}  // namespace
}  // namespace stoker::training_log
