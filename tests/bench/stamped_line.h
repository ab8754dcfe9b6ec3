// The lines whose way is timed: "@SEQ NANOSECONDS ...", the time being CLOCK_MONOTONIC when the line was written.
#pragma once

#include <ctime>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace stoker::bench {

inline int64_t mono_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Stamp {
  int64_t seq = -1, sent_ns = 0;
};

// `size` bytes, the line's end included.
inline std::string stamped_line(int64_t seq, size_t size) {
  std::string line = "@" + std::to_string(seq) + " " + std::to_string(mono_ns()) + " ";
  line.resize(size - 1, 'x');
  return line + "\n";
}

// Takes the next stamp out of `text` and moves behind it; false where there is none.
inline bool next_stamp(std::string_view& text, Stamp& stamp) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + 1);
  const char* const end = text.data() + text.size();
  const auto seq = std::from_chars(text.data(), end, stamp.seq);
  if (seq.ec != std::errc{} || seq.ptr == end) return false;
  const auto sent = std::from_chars(seq.ptr + 1, end, stamp.sent_ns);
  text.remove_prefix(static_cast<size_t>(sent.ptr - text.data()));
  return sent.ec == std::errc{};
}

}  // namespace stoker::bench
