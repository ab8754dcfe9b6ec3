#include "core/runner/failure.h"

#include <cstring>

#include "core/runner/protocol.h"

namespace stoker::runner {

Failure system_failure(const std::string& what, int number) {
  const bool full = number == ENOSPC || number == EDQUOT;
  return {full ? kExitDiskFull : kExitFailed, what + ": " + std::strerror(number)};
}

}  // namespace stoker::runner
