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

// The number at the front of [at, end) into `out`, and where it ends; nullptr where there is none, or none that these
// few steps read exactly. A double holds whole numbers up to 2^53 and powers of ten up to 10^22 without an error, so
// one division or product of them is rounded once, as it must be.
inline const char* read_plain_number(const char* at, const char* end, Number& out) noexcept {
  static constexpr std::uint64_t kTens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const bool negative = at < end && *at == '-';
  if (negative) ++at;
  std::uint64_t digits = 0, fraction = 0;
  const std::size_t count = read_eight_digits(at, end, digits);
  at += count;
  if (count == 0 || at == end || is_digit(*at)) return nullptr;
  if (*at != '.' && *at != 'e') {
    out.whole = true;
    out.i = negative ? -static_cast<std::int64_t>(digits) : static_cast<std::int64_t>(digits);
    return at;
  }
  std::ptrdiff_t power = 0;
  if (*at == '.') {
    const std::size_t places = read_eight_digits(++at, end, fraction);
    at += places;
    if (places == 0 || at == end || is_digit(*at)) return nullptr;
    digits = digits * kTens[places] + fraction;
    power = -static_cast<std::ptrdiff_t>(places);
  }
  if (*at == 'e') {
    if (end - at < 5 || !is_digit(at[2]) || !is_digit(at[3]) || (at[1] != '-' && at[1] != '+')) return nullptr;
    const int shift = (at[2] - '0') * 10 + (at[3] - '0');
    power += at[1] == '-' ? -shift : shift;
    at += 4;
    if (is_digit(*at)) return nullptr;
  }
  if (digits > (std::uint64_t{1} << 53) || power < -22 || power > 22) return nullptr;
  const auto value = static_cast<double>(digits);
  const double scaled = power < 0 ? value / kPowers[-power] : value * kPowers[power];
  out.whole = false;
  out.r = negative ? -scaled : scaled;
  return at;
}

}  // namespace stoker::transformers
