// A log read by a parser, in chunks of any size.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sdk/check/loaded_plugin.h"
#include "sdk/check/log_events.h"

namespace stoker::check {

// How a log is cut for push().
struct Chunks {
  enum class Kind { whole, equal, random };
  Kind kind = Kind::whole;
  uint64_t number = 0;                      // equal: bytes; random: the seed
  [[nodiscard]] std::string words() const;  // "in chunks of 3 bytes"
};

// Calls `push` for each chunk of `bytes`.
void cut(std::string_view bytes, Chunks chunks, const std::function<void(std::string_view)>& push);

// All events of one log. `start_offset` as in stoker_stream_info.
Events read_log(LoadedPlugin& plugin, const std::string& id, std::string_view bytes, Chunks chunks = {},
                uint64_t start_offset = 0);

}  // namespace stoker::check
