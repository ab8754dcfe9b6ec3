// Looking through the bytes of a log many at a time. Header-only.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
#ifdef __SSE2__
  const __m128i most = _mm_set1_epi8(0x1F), tab = _mm_set1_epi8('\t');
  for (; i + 16 <= bytes.size(); i += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + i));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, most), block);
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(_mm_cmpeq_epi8(block, tab), low)));
    if (found != 0) return i + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
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

// The number of eight decimal digits, each a byte of 0 to 9, the first one lowest.
constexpr std::uint64_t eight_digits(std::uint64_t digits) noexcept {
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  digits = digits * 10 + (digits >> 8);
  return ((digits & kPairs) * (100 + (1000000ULL << 32)) + ((digits >> 16) & kPairs) * (1 + (10000ULL << 32))) >> 32;
}

// The decimal digits at the front of text.substr(at), at most eight; `value` becomes their number. Without a loop,
// whose end would be guessed wrong where lengths vary.
inline std::size_t read_eight_digits(std::string_view text, std::size_t at, std::uint64_t& value) noexcept {
  value = 0;
  const std::size_t left = text.size() - at;
  if (!detail::kLittleEndian || text.size() < 8 || left == 0) {
    std::size_t count = 0;
    for (; count < 8 && count < left && text[at + count] >= '0' && text[at + count] <= '9'; ++count)
      value = value * 10 + static_cast<std::uint64_t>(text[at + count] - '0');
    return count;
  }
  const auto block = left < 8 ? detail::eight_bytes(text.data() + text.size() - 8) >> 8 * (8 - left)
                              : detail::eight_bytes(text.data() + at);
  const auto digits = block ^ ('0' * detail::kOnes);
  const auto others = ((digits + 0x76 * detail::kOnes) | digits) & detail::kHighBits;
  const std::size_t count = others == 0 ? 8 : detail::first_mark(others);
  if (count == 0) return 0;
  value = eight_digits(digits << 8 * (8 - count));  // zeros in front
  return count;
}

// Whether the `size` bytes at `a` and `b`, 16 or more, are the same, but for digits that may be others where `digits`
// has all bits set.
inline bool equal_but_digits(const char* a, const char* b, const char* digits, std::size_t size) noexcept {
#ifdef __SSE2__
  const auto block = [](const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  const auto equal = [&](std::size_t i) {
    const __m128i text = block(a + i), value = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    const __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    return _mm_or_si128(_mm_cmpeq_epi8(text, block(b + i)), _mm_and_si128(digit, block(digits + i)));
  };
  __m128i all = equal(size - 16);
  for (std::size_t i = 0; i + 16 < size; i += 16) all = _mm_and_si128(all, equal(i));
  return _mm_movemask_epi8(all) == 0xFFFF;
#else
  for (std::size_t i = 0; i < size; ++i)
    if (a[i] != b[i] && (digits[i] == 0 || a[i] < '0' || a[i] > '9')) return false;
  return true;
#endif
}

// Whether `text` has `part` at `at`. Inline, for short parts.
inline bool has_at(std::string_view text, std::size_t at, std::string_view part) noexcept {
  if (text.size() - at < part.size()) return false;
  const char *a = text.data() + at, *b = part.data();
  std::size_t i = 0;
  if (part.size() >= 8) {
    for (; i + 8 < part.size(); i += 8)
      if (detail::eight_bytes(a + i) != detail::eight_bytes(b + i)) return false;
    return detail::eight_bytes(a + part.size() - 8) == detail::eight_bytes(b + part.size() - 8);
  }
  while (i < part.size() && a[i] == b[i]) ++i;
  return i == part.size();
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
