// What stands in front of every route and method. It fails closed: a request is refused unless each check has passed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/api/head.h"
#include "core/api/problem.h"
#include "core/api/route.h"
#include "core/api/target.h"
#include "core/api/token.h"

namespace stoker::api {

struct GuardRules {
  int port = 0;
  std::vector<std::string> origins;
  int64_t max_file_bytes = 0;
};

struct Verdict {
  enum class Kind { pass, preflight, refuse } kind = Kind::refuse;
  Problem problem;      // of a refusal
  bool silent = false;  // refuse without a body: the caller may be another site's page
  std::vector<std::pair<std::string, std::string>> fields;  // to add to the answer

  std::string origin;  // the allowed Origin the answer is for, or empty
  const Route* route = nullptr;
  std::vector<std::string> parameters;
  Target target;
  Dialect dialect = Dialect::native;  // of a refusal, by whomever
  Caller caller;
  std::string token_id;   // of an app's token
  int64_t body_size = 0;  // -1: chunked
  int64_t body_cap = 0;
};

// Pure: nothing but the head decides. The checks are in this order, and the first that fails answers: lengths, Host,
// Origin and Sec-Fetch-Site, preflight, token, scope, route, method, content type, size of the body.
[[nodiscard]] Verdict guard(const Head& head, const GuardRules& rules, const std::vector<Token>& tokens);

}  // namespace stoker::api
