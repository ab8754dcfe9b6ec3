// A refusal as application/problem+json (RFC 9457), with the code, hint and field that a program or a form can act on.
#pragma once

#include <string>
#include <utility>

#include "core/error.h"

namespace stoker::api {

// A refusal with a status and a code of its own, where a Fault's do not tell enough.
class Refused : public Error {
 public:
  Refused(int status, const std::string& code, const std::string& message, std::string hint = {},
          std::string field = {})
      : Error(Fault::invalid, message, std::move(hint), std::move(field)), status(status) {
    this->code = code;
  }

  int status;
};

// A body that is or turned out larger than the route takes.
class TooLarge final : public Refused {
 public:
  explicit TooLarge(int64_t cap)
      : Refused(413, "too_large", "the body is larger than " + std::to_string(cap) + " bytes") {}
};

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
