// A log read by a parser: in chunks of any size, or with the sink in one's own hands.
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

// A stream whose events are given as the plugin wrote them. Bytes are passed on where they lie.
class RawStream {
 public:
  using Sink = std::function<stoker_status(const stoker_log_event*)>;

  // Throws Failed when open() fails. `about` ends the name of each call: "push of input 7".
  RawStream(LoadedPlugin& plugin, const std::string& id, uint64_t start_offset = 0, uint32_t max_line_bytes = 0,
            std::string about = {});
  ~RawStream();
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  // What the plugin answered. What `sink` throws passes around the plugin.
  stoker_status push(std::string_view bytes, const Sink& sink);
  stoker_status finish(int32_t why, const Sink& sink);

 private:
  LoadedPlugin& plugin_;
  std::string about_;
  stoker_log_stream* object_ = nullptr;
};

}  // namespace stoker::check
