// A log parser as the core sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sdk/include/stoker/log_parser.h"

namespace stoker::plugin_host {

using FieldValue = std::variant<int64_t, double, std::string, bool>;

// Spans are copied: a RawEvent outlives the sink call.
struct RawEvent {
  int32_t kind = 0;  // STOKER_EVENT_...
  int32_t severity = STOKER_SEVERITY_NONE;
  uint32_t flags = 0;
  int64_t time_ms = 0;
  uint64_t first_byte = 0, last_byte = 0;
  std::string name, text;
  std::vector<std::pair<std::string, FieldValue>> fields;
};

// One log being read. One thread at a time. Throws Error{internal} when the parser breaks its contract; the stream is
// then dead and further pushes throw too.
class LogStream {
 public:
  using Sink = std::function<void(RawEvent&&)>;
  virtual ~LogStream() = default;
  virtual void push(std::string_view bytes, const Sink& sink) = 0;
  virtual void finish(int32_t why, const Sink& sink) = 0;  // STOKER_FINISH_...
};

class LogParser {
 public:
  virtual ~LogParser() = default;
  [[nodiscard]] virtual const std::string& id() const = 0;
  [[nodiscard]] virtual int detect(std::string_view head) const = 0;  // 0..100
  [[nodiscard]] virtual std::unique_ptr<LogStream> open(uint64_t start_offset, const std::string& source) const = 0;
};

}  // namespace stoker::plugin_host
