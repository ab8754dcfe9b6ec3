#include "core/cli/event_reader.h"

#include <charconv>

#include "core/error.h"

namespace stoker::cli {

void EventReader::feed(std::string_view bytes, const std::function<void(ServerEvent&&)>& sink) {
  for (const char c : bytes) {
    const bool second_half = c == '\n' && after_return_;  // of CR LF
    after_return_ = c == '\r';
    if (second_half) continue;
    if (c == '\n' || c == '\r') {
      line(line_, sink);
      line_.clear();
      continue;
    }
    line_ += c;
    if (line_.size() + event_.data.size() > kMaxEvent)
      throw Error(Fault::internal, "an event is larger than " + std::to_string(kMaxEvent >> 20) + " MiB");
  }
}

void EventReader::line(std::string_view text, const std::function<void(ServerEvent&&)>& sink) {
  if (text.empty()) {
    ServerEvent done = std::move(event_);
    event_ = {};
    if (has_data_) sink(std::move(done));
    has_data_ = false;
    return;
  }
  const size_t colon = text.find(':');
  if (colon == 0) return;  // a comment
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    event_.name = value;
  } else if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "id") {
    int64_t id = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), id);
    if (fault == std::errc{} && end == value.data() + value.size()) event_.id = id;
  }
}

}  // namespace stoker::cli
