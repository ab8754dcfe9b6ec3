// The body of an answer as it comes over the wire: where it ends, and that it is whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/plugin_host/http_head.h"

namespace stoker::plugin_host {

class HttpBody {
 public:
  // `to_method` is that of the request. Throws BadAnswer where the head does not say clearly how long the body is.
  HttpBody(const HttpHead& head, std::string_view to_method);

  // Takes what belongs to the body from the front of `bytes`, adds its content to `content` and tells how many bytes
  // that were. Throws BadAnswer.
  size_t take(std::string_view bytes, std::string& content);
  // Told once the other side has closed the connection. Throws BadAnswer where the body is not whole.
  void end();

  [[nodiscard]] bool whole() const { return state_ == State::whole; }
  // The length that was announced, or 0.
  [[nodiscard]] uint64_t announced() const { return announced_; }
  // Whether the end of the body is told by anything but the end of the connection.
  [[nodiscard]] bool delimited() const { return delimited_; }

 private:
  enum class State { size_line, chunk, chunk_end, trailer, content, until_end, whole };

  size_t take_content(std::string_view bytes, std::string& content, State then);
  size_t take_line(std::string_view bytes);
  void start_chunk();

  State state_ = State::whole;
  bool delimited_ = true;
  uint64_t announced_ = 0, left_ = 0;  // bytes of the content, or of the chunk
  std::string line_;                   // of a chunk's size or a trailer, while it arrives
  size_t trailer_bytes_ = 0;
};

}  // namespace stoker::plugin_host
