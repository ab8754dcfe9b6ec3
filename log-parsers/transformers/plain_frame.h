// The frame of a bar that is all of a segment, as tqdm draws it by default: "  3%|▎ | 188/6737
// [04:54<8:03:36,  1.50s/it]".
//
// Most of a log is such frames, and from one to the next only some digits change. So a frame that differs from the last
// one in nothing else is read at the places that are known.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "bar.h"

namespace stoker::transformers {

class PlainFrame {
 public:
  // False for any other text; find_bar() may know that one.
  bool read(std::string_view text, Bar& out) noexcept {
    return (text.size() == size_ && differs_in_digits(text) && read_digits(text, out)) || learn(text, out);
  }

 private:
  struct Place {
    std::uint8_t begin = 0, end = 0;
  };
  static constexpr std::size_t kNone = std::string_view::npos, kLongest = 160, kBlock = 16;

  bool learn(std::string_view text, Bar& out) noexcept;
  [[nodiscard]] bool differs_in_digits(std::string_view text) const noexcept;
  bool read_digits(std::string_view text, Bar& out) const noexcept;

  std::size_t size_ = kNone;               // of the last frame; kNone: there is none
  std::array<char, kLongest> last_{};      // it
  std::array<char, kLongest> constant_{};  // all bits where it has to be the same, those that digits share, or none
  Bar bar_;                                // what it said
  Place n_, elapsed_, rate_, unit_;        // where it said so
  std::uint8_t point_ = 0;                 // in its rate
  bool slow_ = false;                      // its rate is in seconds a step
};

}  // namespace stoker::transformers
