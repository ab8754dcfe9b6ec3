#include "core/api/range.h"

#include <algorithm>

#include "core/api/target.h"

namespace stoker::api {

std::optional<ByteRange> resolve_range(std::optional<std::string_view> header, int64_t size) {
  const ByteRange whole{0, size, false};
  constexpr std::string_view kUnit = "bytes=";
  if (!header || !header->starts_with(kUnit)) return whole;
  const std::string_view range = header->substr(kUnit.size());
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view from = range.substr(0, dash), to = range.substr(dash + 1);
  const auto first = parse_count(from), last = parse_count(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (from.empty() && to.empty())) return whole;
  if (!first) {
    if (*last == 0 || size == 0) return std::nullopt;
    const int64_t length = std::min(*last, size);
    return ByteRange{size - length, length, true};
  }
  if (last && *last < *first) return whole;
  if (*first >= size) return std::nullopt;
  const int64_t end = last && *last < size - 1 ? *last + 1 : size;
  return ByteRange{*first, end - *first, true};
}

}  // namespace stoker::api
