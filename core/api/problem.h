// A refusal as application/problem+json (RFC 9457), with the code, hint and field that a program or a form can act on.
#pragma once

#include <string>

#include "core/error.h"

namespace stoker::api {

// A body that is or turned out larger than the route takes: 413.
class TooLarge final : public Error {
 public:
  explicit TooLarge(int64_t cap) : Error(Fault::invalid, "the body is larger than " + std::to_string(cap) + " bytes") {}
};

struct Problem {
  int status = 500;
  std::string code;  // a Fault's name, or the guard's own word
  std::string detail;
  std::string hint;
  std::string field;
};

[[nodiscard]] Problem problem_of(const Error& error);  // TooLarge is a 413
[[nodiscard]] std::string to_json(const Problem& problem);
[[nodiscard]] const char* reason_phrase(int status);

}  // namespace stoker::api
