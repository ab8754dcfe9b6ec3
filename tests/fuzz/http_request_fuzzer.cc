// What a stranger can send before any check: the head of a request, its target, its Range.
#include <cstdint>
#include <cstdlib>

#include "core/api/head.cc"  // the pieces alone: the library would bring in the whole agent
#include "core/api/range.cc"
#include "core/api/target.cc"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stoker::api;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = head_size(input);
  if (end > size) std::abort();
  const HeadResult result = parse_head(input.substr(0, end));
  if (result.fault || end == 0) return 0;
  const auto range = resolve_range(result.head.find("Range"), static_cast<int64_t>(size));
  if (range && (range->first < 0 || range->size < 0 || range->first + range->size > static_cast<int64_t>(size)))
    std::abort();
  try {
    const Target target = parse_target(result.head.target);
    for (const std::string& part : target.path)
      if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string::npos) std::abort();
    (void)target.number("limit", 0, 0, INT64_MAX);
  } catch (const stoker::Error& error) {
    if (error.fault != stoker::Fault::invalid) std::abort();
  }
  return 0;
}
