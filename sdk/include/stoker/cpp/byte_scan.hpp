// Looking through the bytes of a log many at a time. Header-only.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stoker {

// Of C0; a tab is none.
constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }

// The index of the first control character in [from, size), else the size.
inline std::size_t find_control(std::string_view bytes, std::size_t from) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x80 * kOnes;
  std::size_t i = from;
  if constexpr (std::endian::native == std::endian::little) {
    while (i + 8 <= bytes.size()) {
      std::uint64_t block = 0;
      std::memcpy(&block, bytes.data() + i, 8);
      // The high bit of each byte below 0x20; what lies above the first of them may be wrong.
      const std::uint64_t low = (block - 0x20 * kOnes) & ~block & kHigh;
      if (low == 0) {
        i += 8;
        continue;
      }
      i += static_cast<std::size_t>(std::countr_zero(low)) / 8;
      if (bytes[i] != '\t') return i;
      ++i;
    }
  }
  while (i < bytes.size() && !is_control(bytes[i])) ++i;
  return i;
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
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, text.data() + i, 8);
    all |= block;
  }
  for (; i < text.size(); ++i) all |= static_cast<unsigned char>(text[i]);
  return (all & 0x8080808080808080) == 0;
}

}  // namespace stoker
