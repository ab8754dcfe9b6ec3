// The frames of `stoker-runner tail`, from chunks of any size. Foreign bytes: nothing longer than a frame may be is
// kept.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace stoker::remote {

class TailFrames {
 public:
  struct Sink {
    std::function<void(int64_t offset, std::string_view bytes)> data;
    std::function<void(int64_t from, int64_t to)> gap;
    std::function<void(std::string_view json)> exit;
  };
  explicit TailFrames(Sink sink) : sink_(std::move(sink)) {}

  // Throws unavailable at the first thing that is no frame: the stream is of no use from there on.
  void feed(std::string_view bytes);

 private:
  void deliver(uint8_t type, std::string_view payload);

  Sink sink_;
  std::string pending_;  // the begun frame, header included
};

}  // namespace stoker::remote
