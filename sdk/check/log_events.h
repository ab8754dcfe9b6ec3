// Events of a log parser as text, one JSON object a line, and where two readings of a log differ.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plugin_host/log_parser.h"

namespace stoker::check {

using Events = std::vector<plugin_host::RawEvent>;

// "metric"; "kind 42" for one that this kit does not know.
std::string kind_name(int32_t kind);

// Members that say nothing are left out. NaN and the infinities are texts, since JSON has no such number.
enum class Offsets { shown, left_out };
std::string to_json(const plugin_host::RawEvent& event, Offsets offsets = Offsets::shown);

// A golden file: to_json() of each event, each with its line end.
std::string to_json_lines(const Events& events);

// The first event, from 0, that one has and the other has not, as lines "<name>: <event>"; empty: they are the same.
std::string first_difference(const std::string& name, const Events& events, const std::string& other_name,
                             const Events& others, Offsets offsets = Offsets::shown);

// The same between a golden file and what came.
std::string first_differing_line(std::string_view golden, std::string_view came);

}  // namespace stoker::check
