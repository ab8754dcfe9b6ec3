// Runs a piece of the kit in a child process, so that whatever a plugin does there is seen and survived.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace stoker::check {

struct Isolated {
  enum class End { returned, crashed, timed_out };
  End end = End::returned;
  std::string text;  // what `body` returned; else a sentence: "killed by SIGSEGV in create"
  int64_t ms = 0;
};

// `body` runs in a forked child, at most `limit_ms`; what it started is killed with it.
Isolated run_isolated(const std::function<std::string()>& body, int64_t limit_ms);

// Names the call that is running, for the sentence about a crash. Shared with the parent; cut at 255 bytes.
void now_doing(const std::string& what);

}  // namespace stoker::check
