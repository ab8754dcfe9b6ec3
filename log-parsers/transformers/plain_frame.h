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
#include "sdk/include/stoker/cpp/log_lines.hpp"

namespace stoker::transformers {

class PlainFrame {
 public:
  // False for any other text; find_bar() may know that one.
  bool read(std::string_view text, Bar& out) noexcept {
    if ((text.size() != size_ || !is_like_last(text)) && !learn(text)) return false;
    read_values(text, out);
    return true;
  }
  // One that differs from the last in digits alone, at the front of `bytes` and ended there.
  bool read_front(std::string_view bytes, Bar& out) const noexcept {
    if (bytes.size() <= size_ || !LogLines::is_line_end(bytes[size_]) || !is_like_last(bytes)) return false;
    read_values(bytes, out);
    return true;
  }

 private:
  // A number, read from the eight bytes that end where it does.
  struct Place {
    std::size_t end = 0;
    std::uint64_t mask = 0;  // the bits of its digits
  };
  static constexpr std::size_t kNone = std::string_view::npos, kLongest = 160, kBlock = 16;
  static constexpr std::uint64_t kPlaces = 0xFFFF000000000000;

  [[nodiscard]] bool is_like_last(std::string_view text) const noexcept {
    return equal_but_digits(text.data(), last_.data(), digits_.data(), size_);
  }
  void read_values(std::string_view text, Bar& out) const noexcept;
  bool learn(std::string_view text) noexcept;
  bool mark(Place& place, std::size_t begin, std::size_t end) noexcept;

  std::size_t size_ = kNone;             // of the last frame; kNone: there is none
  std::array<char, kLongest> last_{};    // it
  std::array<char, kLongest> digits_{};  // all bits where it may have another digit
  Bar bar_;                              // what it said
  Place n_, elapsed_, rate_;
  std::size_t unit_ = 0, unit_size_ = 0;  // where it is
  bool slow_ = false;                     // its rate is in seconds a step
};

inline void PlainFrame::read_values(std::string_view text, Bar& out) const noexcept {
  const auto digits = [&](const Place& place) { return detail::eight_bytes(text.data() + place.end - 8) & place.mask; };
  // H:MM:SS
  const std::uint64_t time = digits(elapsed_), pairs = time * 10 + (time >> 8);
  const std::uint64_t seconds = (pairs & 0xFF) * 3600 + (pairs >> 24 & 0xFF) * 60 + (pairs >> 48 & 0xFF);
  // Two places behind the point, over which the others are moved.
  const std::uint64_t rate = digits(rate_), hundredths = eight_digits((rate & ~kPlaces) << 8 | (rate & kPlaces));
  const double value = static_cast<double>(static_cast<std::int64_t>(hundredths)) / 100;
  out = bar_;
  out.n = static_cast<std::int64_t>(eight_digits(digits(n_)));
  out.elapsed_s = static_cast<double>(static_cast<std::int64_t>(seconds));
  out.rate = hundredths == 0 ? -1 : slow_ ? 1 / value : value;
  out.unit = text.substr(unit_, unit_size_);
}

}  // namespace stoker::transformers
