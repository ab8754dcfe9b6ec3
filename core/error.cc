#include "core/error.h"

#include <cerrno>
#include <cstring>

namespace stoker {

const char* to_string(Fault fault) {
  switch (fault) {
    case Fault::cancelled:
      return "cancelled";
    case Fault::deadline:
      return "deadline";
    case Fault::invalid:
      return "invalid";
    case Fault::unsupported:
      return "unsupported";
    case Fault::internal:
      return "internal";
    case Fault::auth:
      return "auth";
    case Fault::forbidden:
      return "forbidden";
    case Fault::quota:
      return "quota";
    case Fault::not_found:
      return "not_found";
    case Fault::conflict:
      return "conflict";
    case Fault::no_capacity:
      return "no_capacity";
    case Fault::rate_limited:
      return "rate_limited";
    case Fault::unavailable:
      return "unavailable";
    case Fault::unknown_outcome:
      return "unknown_outcome";
  }
  return "unknown";
}

Error system_error(const std::string& what, int error_number) {
  std::string message = what + ": " + std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return {Fault::unavailable, message, "free space on that disk, then try again"};
    case EACCES:
    case EPERM:
      return {Fault::forbidden, message, "check the owner and mode of that path"};
    case ENOENT:
      return {Fault::not_found, message};
    case EMFILE:
    case ENFILE:
      return {Fault::unavailable, message, "raise the limit on open files (ulimit -n)"};
    default:
      return {Fault::internal, message};
  }
}

}  // namespace stoker
