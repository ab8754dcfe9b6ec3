// What several resources write the same way.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/fleet/fleet.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {

// Money as a number of whole units.
[[nodiscard]] inline double units(int64_t micros) { return static_cast<double>(micros) / 1e6; }

// ms since 1970; null for 0, which stands for "never".
inline void write_time(JsonWriter& json, std::string_view name, int64_t ms) {
  json.key(name);
  ms == 0 ? json.null() : json.integer(ms);
}

inline void write_cost(JsonWriter& json, const fleet::Cost& cost) {
  json.key("cost")
      .begin_object()
      .member("so_far", units(cost.micros_so_far))
      .member("per_hour", units(cost.micros_per_hour))
      .member("currency", to_utf8(cost.currency))
      .end_object();
}

}  // namespace stoker::api
