// Ctrl-C as something to look at between two steps, instead of a handler that breaks in.
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

namespace stoker::cli {

// Blocks these signals for the calling thread while it lives; make it before other threads start.
class Interrupts {
 public:
  explicit Interrupts(std::initializer_list<int> signals = {SIGINT, SIGTERM});
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // The signal that came since the last look, if any.
  [[nodiscard]] bool taken() const;
  // A letter typed on the terminal, in lower case; empty on Ctrl-C or the end of input.
  [[nodiscard]] std::optional<char> ask() const;

 private:
  sigset_t set_{}, before_{};
};

}  // namespace stoker::cli
