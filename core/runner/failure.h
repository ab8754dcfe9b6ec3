// The one exception of the runner: what goes to standard error as one line, and the exit code.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>

namespace stoker::runner {

class Failure : public std::runtime_error {
 public:
  Failure(int code, const std::string& message) : std::runtime_error(message), exit_code(code) {}
  int exit_code;
};

// "what: strerror(number)"; a full disk or quota has its own exit code.
[[nodiscard]] Failure system_failure(const std::string& what, int number = errno);

}  // namespace stoker::runner
