#include "core/utf8.h"

#include <cstdint>

#include "sdk/include/stoker/cpp/byte_scan.hpp"

namespace stoker {
namespace {

// Length of the well-formed sequence at the start of `bytes`; 0 when ill-formed, with `skip` set to the maximal bad
// prefix.
size_t sequence_length(std::string_view bytes, size_t& skip) {
  const auto byte = [&](size_t i) { return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : uint8_t{0}; };
  const uint8_t lead = byte(0);
  skip = 1;
  if (lead < 0x80) return 1;
  size_t length = 0;
  uint8_t low = 0x80, high = 0xBF;  // allowed range of the second byte
  if (lead >= 0xC2 && lead <= 0xDF)
    length = 2;
  else if (lead >= 0xE0 && lead <= 0xEF)
    length = 3, low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
  else if (lead >= 0xF0 && lead <= 0xF4)
    length = 4, low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
  else
    return 0;
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) < low || byte(i) > high) return skip = i, 0;
    low = 0x80, high = 0xBF;
  }
  return length;
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
  if (is_ascii(bytes)) return std::string(bytes);
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    size_t skip = 0;
    if (const size_t length = sequence_length(bytes, skip)) {
      text.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    } else {
      text.append("\xEF\xBF\xBD");
      bytes.remove_prefix(skip);
    }
  }
  return text;
}

}  // namespace stoker
