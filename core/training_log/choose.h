// The parser that fits a log.
#pragma once

#include <string_view>
#include <vector>

#include "core/plugin_host/log_parser.h"

namespace stoker::training_log {

constexpr size_t kHeadBytes = 64 * 1024;  // how much of a log choose() wants to see

// The parser most certain that `head` is its format, the first of equals; nullptr where none is.
[[nodiscard]] const plugin_host::LogParser* choose(const std::vector<const plugin_host::LogParser*>& parsers,
                                                   std::string_view head);

}  // namespace stoker::training_log
