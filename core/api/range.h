// The Range header: one range of bytes of something whose size is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stoker::api {

struct ByteRange {
  int64_t first = 0;
  int64_t size = 0;
  bool partial = false;  // answer 206
};

// The whole for no header, another unit, several ranges or a malformed one: RFC 9110 lets a server ignore them. nullopt
// when the range lies outside: answer 416.
[[nodiscard]] std::optional<ByteRange> resolve_range(std::optional<std::string_view> header, int64_t size);

}  // namespace stoker::api
