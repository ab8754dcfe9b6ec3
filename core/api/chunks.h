// The chunked transfer coding of a request body, read strictly: what two readers could take in two ways is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stoker::api {

class Chunks {
 public:
  explicit Chunks(int64_t cap) : cap_(cap) {}  // most bytes of content

  struct Step {
    size_t taken = 0;          // of the wire
    std::string_view content;  // a part of what was taken
  };
  // Takes from the wire until there is content (`most` bytes at most), the wire is used up, or the body is whole; what
  // follows the body is left. Throws invalid for what is no chunked body, TooLarge for one over the cap.
  Step take(std::string_view wire, size_t most);
  [[nodiscard]] bool whole() const { return state_ == State::whole; }

 private:
  enum class State { size, extension, size_end, content, content_cr, content_lf, trailer, whole };

  void take_one(char c);
  void take_size(char c);
  void take_extension(char c);
  void take_trailer(char c);
  void end_size();

  int64_t cap_;
  State state_ = State::size;
  int digits_ = 0;
  int64_t size_ = 0;   // of this chunk, later what is left of it
  int64_t given_ = 0;  // content so far and this chunk's
  size_t extension_bytes_ = 0;
  std::string trailer_;
};

}  // namespace stoker::api
