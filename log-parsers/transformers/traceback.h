// Follows a Python traceback over its lines until the line that names the exception.
#pragma once

#include <string>
#include <string_view>

namespace stoker::transformers {

struct Raised {
  std::string exception, message;  // "torch.OutOfMemoryError", "CUDA out of memory. ..."
  bool benign = false;             // in a thread or a destructor: it ended nothing
  bool chained = false;            // raised while the one before was handled
};

class Traceback {
 public:
  // Looks at one line; true when it names the exception of a traceback, which then lies in `raised`.
  bool feed(std::string_view line, Raised& raised);
  [[nodiscard]] bool open() const noexcept { return lines_left_ > 0; }

 private:
  int lines_left_ = 0;  // of a traceback that has begun; it is given up when they run out
  bool benign_ = false, next_benign_ = false;
  bool chained_ = false;
  bool headless_ = false;  // its first line was not seen: the log begins within it
  bool in_stack_ = false;  // in a stack that was logged and that nothing was raised from
};

}  // namespace stoker::transformers
