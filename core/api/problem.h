// A refusal as application/problem+json (RFC 9457), with the code, hint and field that a program or a form can act on.
#pragma once

#include <string>

#include "core/error.h"

namespace stoker::api {

struct Problem {
  int status = 500;
  std::string code;  // a Fault's name, or the guard's own word
  std::string detail;
  std::string hint;
  std::string field;
};

[[nodiscard]] Problem problem_of(const Error& error);
[[nodiscard]] std::string to_json(const Problem& problem);
[[nodiscard]] const char* reason_phrase(int status);

}  // namespace stoker::api
