// Looking through the bytes of a log many at a time. Header-only.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stoker {

namespace detail {

constexpr std::uint64_t kOnes = 0x0101010101010101, kHighBits = 0x80 * kOnes;
constexpr bool kLittleEndian = std::endian::native == std::endian::little;

inline std::uint64_t eight_bytes(const char* at) noexcept {
  std::uint64_t block = 0;
  std::memcpy(&block, at, 8);
  return block;
}

// In marks, the high bit stands for its byte. Only what lies below the first mark is sure.
constexpr std::size_t first_mark(std::uint64_t marks) noexcept {
  return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}
constexpr std::uint64_t mark_below(std::uint64_t block, char least) noexcept {
  return (block - static_cast<unsigned char>(least) * kOnes) & ~block & kHighBits;
}
constexpr std::uint64_t mark_equal(std::uint64_t block, char c) noexcept {
  return mark_below(block ^ (static_cast<unsigned char>(c) * kOnes), 1);
}

}  // namespace detail

// Of C0; a tab is none.
constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }

// The index of the first control character in [from, size), else the size.
inline std::size_t find_control(std::string_view bytes, std::size_t from) noexcept {
  std::size_t i = from;
  while (detail::kLittleEndian && i + 8 <= bytes.size()) {
    const auto low = detail::mark_below(detail::eight_bytes(bytes.data() + i), 0x20);
    if (low == 0) {
      i += 8;
      continue;
    }
    i += detail::first_mark(low);
    if (bytes[i] != '\t') return i;
    ++i;
  }
  while (i < bytes.size() && !is_control(bytes[i])) ++i;
  return i;
}

// The index of the first `a` or `b` in [from, size), else the size.
inline std::size_t find_either(std::string_view bytes, char a, char b, std::size_t from) noexcept {
  std::size_t i = from;
  while (detail::kLittleEndian && i + 8 <= bytes.size()) {
    const auto block = detail::eight_bytes(bytes.data() + i);
    const auto marks = detail::mark_equal(block, a) | detail::mark_equal(block, b);
    if (marks != 0) return i + detail::first_mark(marks);
    i += 8;
  }
  while (i < bytes.size() && bytes[i] != a && bytes[i] != b) ++i;
  return i;
}

// The decimal digits that begin [at, end), at most eight; `value` becomes their number. Without a loop, whose end would
// be guessed wrong where lengths vary.
inline std::size_t read_eight_digits(const char* at, const char* end, std::uint64_t& value) noexcept {
  value = 0;
  if (!detail::kLittleEndian || end - at < 8) {
    std::size_t count = 0;
    for (; count < 8 && at < end && *at >= '0' && *at <= '9'; ++at, ++count)
      value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    return count;
  }
  auto digits = detail::eight_bytes(at) ^ ('0' * detail::kOnes);
  const auto others = ((digits + 0x76 * detail::kOnes) | digits) & detail::kHighBits;
  const std::size_t count = others == 0 ? 8 : detail::first_mark(others);
  if (count == 0) return 0;
  digits <<= 8 * (8 - count);  // zeros in front
  digits = digits * 10 + (digits >> 8);
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  value = ((digits & kPairs) * (100 + (1000000ULL << 32)) + ((digits >> 16) & kPairs) * (1 + (10000ULL << 32))) >> 32;
  return count;
}

// Whether there is a capital of ASCII. Blocks of a fixed size, so that the compiler makes vectors of them.
inline bool has_capital(std::string_view text) noexcept {
  constexpr std::size_t kBlock = 32;
  std::size_t i = 0;
  unsigned char any = 0;
  for (; i + kBlock <= text.size() && any == 0; i += kBlock) {
    for (std::size_t k = 0; k < kBlock; ++k) any |= static_cast<unsigned char>(text[i + k] - 'A') < 26 ? 1 : 0;
  }
  for (; i < text.size() && any == 0; ++i) any = static_cast<unsigned char>(text[i] - 'A') < 26 ? 1 : 0;
  return any != 0;
}

// Whether there is nothing but blanks.
inline bool is_blank(std::string_view text) noexcept {
  if (text.empty()) return true;
  return text.front() == ' ' && std::memcmp(text.data(), text.data() + 1, text.size() - 1) == 0;
}

inline bool is_ascii(std::string_view text) noexcept {
  std::uint64_t all = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) all |= detail::eight_bytes(text.data() + i);
  for (; i < text.size(); ++i) all |= static_cast<unsigned char>(text[i]);
  return (all & detail::kHighBits) == 0;
}

}  // namespace stoker
