// One name for what the frameworks call differently.
#pragma once

#include <cstdint>
#include <string_view>

namespace stoker::training_log {

// The canonical name of a framework's key in a metric or eval record (STOKER_EVENT_...); empty where it has none.
[[nodiscard]] std::string_view canonical_name(int32_t kind, std::string_view key);

}  // namespace stoker::training_log
