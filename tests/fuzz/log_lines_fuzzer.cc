// Any bytes as segments: offsets in order, no control characters, bounded memory.
#include "sdk/include/stoker/cpp/log_lines.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr uint32_t kMax = 64;
  stoker::LogLines lines(0, kMax);
  uint64_t next = 0;
  const auto each = [&](const stoker::LogLine& line) {
    if (line.first_byte < next || line.last_byte < line.first_byte || line.last_byte >= size) std::abort();
    next = line.last_byte;
    if (line.text.size() > kMax || line.text.find('\n') != std::string_view::npos) std::abort();
    (void)stoker::utf8_text(line.text);
  };
  const size_t chunk = size % 5 + 1;
  for (size_t at = 0; at < size; at += chunk) {
    lines.push(bytes.substr(at, chunk), each);
    if (lines.held() > kMax) std::abort();
  }
  lines.finish(each);
  return 0;
}
