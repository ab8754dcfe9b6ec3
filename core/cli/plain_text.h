// Foreign text made safe to show: what a training prints must not steer the terminal of its owner.
#pragma once

#include <string>
#include <string_view>

namespace stoker::cli {

// Drops C0 (but line feed and tab), DEL, C1, escape sequences and the characters that turn the direction of writing.
[[nodiscard]] std::string printable(std::string_view text);

// A log as a terminal would leave it: of a line redrawn with carriage returns only the last picture stays. Bytes may
// come split anywhere; memory is bounded by kMaxLine.
class LogText {
 public:
  static constexpr size_t kMaxLine = 64 << 10;
  [[nodiscard]] std::string feed(std::string_view bytes);  // whole lines
  [[nodiscard]] std::string finish();                      // what is left, ended with a line feed

 private:
  std::string line_;
};

}  // namespace stoker::cli
