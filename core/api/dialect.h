// The two ways a refusal is written: our own, and the one that clients of OpenAI's API read.
#pragma once

#include <string>
#include <string_view>

#include "core/api/problem.h"

namespace stoker::api {

enum class Dialect { native, openai };

// Of a request target as it was sent, readable or not: what lies under /openai/v1 is OpenAI's.
[[nodiscard]] Dialect dialect_of(std::string_view target);

struct Refusal {
  int status = 500;
  const char* content_type = "";
  std::string body;
};

// OpenAI's clients send again what got a 409, so in their dialect a conflict is a 400.
[[nodiscard]] Refusal refusal_of(const Problem& problem, Dialect dialect);

}  // namespace stoker::api
