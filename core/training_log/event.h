// An event of a parser as the agent stores and sends it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/plugin_host/log_parser.h"
#include "core/training_log/eta.h"

namespace stoker::training_log {

struct Event {
  std::string kind;  // metric eval progress run checkpoint summary diagnosis phase
  std::string data;  // JSON object with `t`
  uint64_t first_byte = 0, last_byte = 0;
};

// What the core knows beside the event itself.
struct Context {
  int64_t t_ms = 0;  // used where the line says no time itself
  std::optional<int64_t> step;
  std::string_view step_source;  // "record" or "logging_steps"
  std::optional<double> epoch;   // for progress
  std::optional<Eta> eta;        // for progress
};

[[nodiscard]] Event make_event(const plugin_host::RawEvent& raw, const Context& context);
// The diagnosis that goes with values that are not finite.
[[nodiscard]] Event make_nan_event(const plugin_host::RawEvent& raw, int64_t t_ms);
[[nodiscard]] bool has_nan(const plugin_host::RawEvent& raw);

// A field's number; nothing where it is missing or no number.
[[nodiscard]] std::optional<double> number(const plugin_host::RawEvent& raw, std::string_view key);
[[nodiscard]] std::string_view text(const plugin_host::RawEvent& raw, std::string_view key);

}  // namespace stoker::training_log
