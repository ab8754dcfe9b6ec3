// The one exception of the core. Classified by what the caller will do, in the classes of the SDK.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "sdk/include/stoker/base.h"

namespace stoker {

enum class Fault : int32_t {
  cancelled = STOKER_E_CANCELLED,
  deadline = STOKER_E_DEADLINE,
  invalid = STOKER_E_INVALID,
  unsupported = STOKER_E_UNSUPPORTED,
  internal = STOKER_E_INTERNAL,
  auth = STOKER_E_AUTH,
  forbidden = STOKER_E_FORBIDDEN,
  quota = STOKER_E_QUOTA,
  not_found = STOKER_E_NOT_FOUND,
  conflict = STOKER_E_CONFLICT,
  no_capacity = STOKER_E_NO_CAPACITY,
  rate_limited = STOKER_E_RATE_LIMITED,
  unavailable = STOKER_E_UNAVAILABLE,
  unknown_outcome = STOKER_E_UNKNOWN_OUTCOME,
};

// what() says what failed and where, in one line without secrets; hint says the way out.
class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& message, std::string hint = {}, std::string field = {})
      : std::runtime_error(message), fault(fault), hint(std::move(hint)), field(std::move(field)) {}

  Fault fault;
  std::string hint;
  std::string field;            // the key, option or set-up field to blame, or empty
  std::string code;             // the other side's own error code, or empty
  int64_t retry_after_ms = -1;  // how long the other side asked us to wait; -1: it did not say
};

const char* to_string(Fault fault);

// "what: strerror(errno)" as an internal fault; ENOSPC, EACCES and the like carry their hint.
[[nodiscard]] Error system_error(const std::string& what, int error_number);

}  // namespace stoker
