#include "sdk/include/stoker/cpp/byte_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace stoker {
namespace {

// Texts of all lengths that a block may be met at, out of a few characters, so that each is met often.
template <class Check>
void each_text(std::string_view characters, Check&& check) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 40, '\0');
    const size_t frequent = random() % 30 + 1;
    for (char& c : text) c = random() % frequent == 0 ? characters[random() % characters.size()] : characters[0];
    check(text, random() % (text.size() + 1));
  }
}

TEST(ByteScan, FindsControlCharacters) {
  each_text(std::string_view("x\n\r\t\0\x1f \x7f\x80\xff", 10), [](const std::string& text, size_t from) {
    const auto found = std::find_if(text.begin() + static_cast<long>(from), text.end(), is_control);
    EXPECT_EQ(find_control(text, from), static_cast<size_t>(found - text.begin())) << from << " in " << text;
  });
}

TEST(ByteScan, FindsEitherOfTwo) {
  each_text("x'\\\"\xa7\xdc&([", [](const std::string& text, size_t from) {
    EXPECT_EQ(find_either(text, '\'', '\\', from), std::min(text.find_first_of("'\\", from), text.size())) << text;
  });
}

TEST(ByteScan, ReadsDigits) {
  each_text("1059/:;@pP\xb0 ", [](const std::string& text, size_t from) {
    const size_t end = std::min(text.find_first_not_of("0123456789", from), text.size());
    const auto digits = text.substr(from, std::min<size_t>(end - from, 8));
    uint64_t value = 1;
    EXPECT_EQ(read_eight_digits(text, from, value), digits.size()) << text;
    EXPECT_EQ(value, digits.empty() ? 0 : std::stoull(digits)) << text;
  });
}

TEST(ByteScan, FindsAPartAtItsPlace) {
  each_text("xy", [](const std::string& text, size_t from) {
    for (const size_t size : {0, 1, 7, 8, 9, 16, 17, 21}) {
      std::string part = text.substr(from, size);
      EXPECT_TRUE(has_at(text, from, part)) << part << " at " << from << " in " << text;
      if (part.empty()) continue;
      part[(from + size) % part.size()] = 'z';
      EXPECT_FALSE(has_at(text, from, part)) << part << " at " << from << " in " << text;
    }
    EXPECT_FALSE(has_at(text, from, text.substr(from) + "x"));
  });
}

TEST(ByteScan, TellsWhetherOnlyDigitsDiffer) {
  std::mt19937 random(3);
  constexpr std::string_view kCharacters("0159/: x\xb5", 10);
  for (int round = 0; round < 100000; ++round) {
    std::string a(16 + random() % 40, 'x'), b = a, digits(a.size(), '\0');
    for (unsigned changes = random() % 4; changes > 0; --changes) {
      const size_t i = random() % a.size();
      a[i] = kCharacters[random() % kCharacters.size()];
      b[i] = kCharacters[random() % kCharacters.size()];
      digits[i] = random() % 3 == 0 ? '\0' : '\xff';
    }
    bool expected = true;
    for (size_t i = 0; i < a.size(); ++i) expected &= a[i] == b[i] || (digits[i] != '\0' && a[i] >= '0' && a[i] <= '9');
    EXPECT_EQ(equal_but_digits(a.data(), b.data(), digits.data(), a.size()), expected) << a << " and " << b;
  }
}

TEST(ByteScan, TellsKindsOfText) {
  each_text(" xAZ@[\xc1\xff", [](const std::string& text, size_t) {
    EXPECT_EQ(is_blank(text), text.find_first_not_of(' ') == std::string::npos) << text;
    EXPECT_EQ(has_capital(text), text.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos) << text;
    EXPECT_EQ(is_ascii(text), text.find_first_of("\xc1\xff") == std::string::npos) << text;
  });
}

}  // namespace
}  // namespace stoker
