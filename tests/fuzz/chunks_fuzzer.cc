// What a stranger with a token can send as a chunked body. The same in one piece and byte by byte.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/api/chunks.cc"  // the pieces alone: the library would bring in the whole agent
#include "core/api/head.cc"

namespace {

constexpr int64_t kCap = 4096;

// The content, or what is wrong with it; `taken` of the wire.
std::string read(std::string_view wire, size_t piece, size_t& taken) {
  stoker::api::Chunks chunks(kCap);
  std::string content;
  taken = 0;
  try {
    while (taken < wire.size() && !chunks.whole()) {
      const std::string_view next = wire.substr(taken, piece);
      const auto step = chunks.take(next, piece);
      if (step.taken == 0 || step.taken > next.size() || step.content.size() > step.taken) std::abort();
      content += step.content;
      taken += step.taken;
    }
  } catch (const stoker::Error& error) {
    if (error.fault != stoker::Fault::invalid || std::string(error.what()).find('\n') != std::string::npos)
      std::abort();
    return std::string("fault: ") + error.what();
  }
  if (content.size() > static_cast<size_t>(kCap) || content.size() > wire.size()) std::abort();
  // Whatever another reader may look for, the body ends after an empty line.
  if (chunks.whole() && !wire.substr(0, taken).ends_with("\r\n\r\n")) std::abort();
  return (chunks.whole() ? "whole: " : "more: ") + content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  size_t at_once = 0, bytewise = 0;
  const std::string whole = read(wire, size, at_once);
  if (read(wire, 1, bytewise) != whole) std::abort();
  if (whole.starts_with("whole: ") && at_once != bytewise) std::abort();
  return 0;
}
