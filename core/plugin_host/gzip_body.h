// A body that was compressed for the way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoker::plugin_host {

// What one gzip member holds; nothing where that is more than `max_bytes`. Throws BadAnswer where the member is
// damaged, cut short or followed by more.
[[nodiscard]] std::optional<std::string> gunzip(std::string_view packed, uint64_t max_bytes);

}  // namespace stoker::plugin_host
