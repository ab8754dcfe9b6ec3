// `stoker parse`: a log that lies in a file, as events.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin_host/log_parser.h"

namespace stoker::training_log {

// Reads `fd` to its end and calls `out` with one JSON object an event, its kind in `event`, without a line end. `name`:
// the id of a parser, "auto", or "none" for the diagnosis alone. `t_ms` is the time of events whose line says none.
// Returns the number of events. Throws invalid for an unknown parser, and for "auto" where no parser knows the format.
uint64_t parse_log(const std::vector<const plugin_host::LogParser*>& parsers, const std::string& name, int fd,
                   int64_t t_ms, const std::function<void(std::string_view)>& out);

}  // namespace stoker::training_log
