// A number as Python prints it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sdk/include/stoker/cpp/byte_scan.hpp"

namespace stoker::transformers {

struct Number {
  bool whole = false;
  std::int64_t i = 0;
  double r = 0;

  [[nodiscard]] double real() const noexcept { return whole ? static_cast<double>(i) : r; }
};

// A number in the spellings of Python: 3, -0.5, 1e-05, nan, inf. The whole of `text` must be the number.
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) noexcept;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The number with a point at `at`, of any length.
std::size_t read_long_real(std::string_view text, std::size_t at, Number& out) noexcept;

// The number at `at` into `out`, and the index behind it; npos where there is none, or none that these few steps read
// exactly, and at the end of the text. A double holds whole numbers up to 2^53 and powers of ten up to 10^22 without an
// error, so one division or product of them is rounded once, as it must be.
inline std::size_t read_plain_number(std::string_view text, std::size_t at, Number& out) noexcept {
  static constexpr std::uint64_t kTens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr std::size_t kNone = std::string_view::npos;
  const std::size_t begin = at;
  const bool negative = at < text.size() && text[at] == '-';
  if (negative) ++at;
  std::uint64_t digits = 0, fraction = 0;
  const std::size_t count = read_eight_digits(text, at, digits);
  at += count;
  if (count == 0 || at == text.size() || is_digit(text[at])) return kNone;
  if (text[at] != '.' && text[at] != 'e') {
    out.whole = true;
    out.i = negative ? -static_cast<std::int64_t>(digits) : static_cast<std::int64_t>(digits);
    return at;
  }
  std::ptrdiff_t power = 0;
  if (text[at] == '.') {
    const std::size_t places = read_eight_digits(text, ++at, fraction);
    at += places;
    if (places == 0 || at == text.size()) return kNone;
    if (is_digit(text[at])) return read_long_real(text, begin, out);
    digits = digits * kTens[places] + fraction;
    power = -static_cast<std::ptrdiff_t>(places);
  }
  if (text[at] == 'e') {
    if (text.size() - at < 5 || !is_digit(text[at + 2]) || !is_digit(text[at + 3])) return kNone;
    if (text[at + 1] != '-' && text[at + 1] != '+') return kNone;
    const int shift = (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
    power += text[at + 1] == '-' ? -shift : shift;
    at += 4;
    if (is_digit(text[at])) return kNone;
  }
  if (digits > (std::uint64_t{1} << 53) || power < -22 || power > 22) return kNone;
  const auto value = static_cast<double>(static_cast<std::int64_t>(digits));
  const double scaled = power < 0 ? value / kPowers[-power] : value * kPowers[power];
  out.whole = false;
  out.r = negative ? -scaled : scaled;
  return at;
}

}  // namespace stoker::transformers
