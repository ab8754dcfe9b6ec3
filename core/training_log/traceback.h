// Follows the traceback of one process over its lines until the line that names the exception.
//
// Python's own ("Traceback (most recent call last):" first, the exception last), IPython's, where the class also stands
// in front ("ValueError      Traceback (most recent call last)"), and what C++ prints of an exception that nobody
// caught.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stoker::training_log {

struct Raised {
  std::string exception, message;  // "torch.OutOfMemoryError", "CUDA out of memory. ..."
  bool benign = false;             // in a thread, a destructor or a logger: it ended nothing
  bool chained = false;            // raised while the one before was handled
};

class Traceback {
 public:
  // Looks at one line; true when it names the exception of a traceback, which then lies in `raised`.
  bool feed(std::string_view line, Raised& raised);
  [[nodiscard]] bool open() const noexcept { return lines_left_ > 0 || in_stack_; }

 private:
  void begin(std::string_view line);
  bool feed_closed(std::string_view line);
  bool feed_terminate(std::string_view line, Raised& raised);

  int lines_left_ = 0;  // of a traceback that has begun; it is given up when they run out
  int others_ = 0;      // tracebacks of other processes that began within it, their exceptions yet to come
  bool benign_ = false, next_benign_ = false;
  bool chained_ = false;
  bool headless_ = false;  // where it begins was not seen, or belongs to another: only a clear name ends it
  bool in_stack_ = false;  // in a stack that was logged and that nothing was raised from
  std::string announced_;  // the class that IPython named in front, or C++
};

}  // namespace stoker::training_log
