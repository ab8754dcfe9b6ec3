// Server-Sent Events: bytes, split anywhere, to events.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace stoker::cli {

struct ServerEvent {
  int64_t id = -1;  // -1: the event carries none
  std::string name, data;
};

class EventReader {
 public:
  static constexpr size_t kMaxEvent = 8 << 20;
  // Throws Error{internal} when one event is larger than kMaxEvent.
  void feed(std::string_view bytes, const std::function<void(ServerEvent&&)>& sink);

 private:
  void line(std::string_view text, const std::function<void(ServerEvent&&)>& sink);

  std::string line_;
  ServerEvent event_;
  bool has_data_ = false, after_return_ = false;
};

}  // namespace stoker::cli
