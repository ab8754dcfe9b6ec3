#include "core/api/dialect.h"

#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {
namespace {

constexpr std::string_view kOpenaiBase = "/openai/v1";

const char* openai_type(int status) {
  if (status == 401) return "authentication_error";
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

std::string envelope(const Problem& problem) {
  JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.member("message", to_utf8(problem.hint.empty() ? problem.detail : problem.detail + "; " + problem.hint));
  json.member("type", openai_type(problem.status)).key("param");
  problem.field.empty() ? json.null() : json.text(to_utf8(problem.field));
  json.member("code", problem.status == 401 ? "invalid_api_key" : problem.code);
  return json.end_object().end_object().str();
}

}  // namespace

Dialect dialect_of(std::string_view target) {
  if (!target.starts_with('/')) {
    const size_t authority = target.find("://");
    if (authority == std::string_view::npos) return Dialect::native;
    const size_t path = target.find('/', authority + 3);
    target = path == std::string_view::npos ? "" : target.substr(path);
  }
  if (!target.starts_with(kOpenaiBase)) return Dialect::native;
  target.remove_prefix(kOpenaiBase.size());
  return target.empty() || target.front() == '/' || target.front() == '?' ? Dialect::openai : Dialect::native;
}

Refusal refusal_of(const Problem& problem, Dialect dialect) {
  if (dialect == Dialect::native) return {problem.status, "application/problem+json", to_json(problem)};
  return {problem.status == 409 ? 400 : problem.status, "application/json", envelope(problem)};
}

}  // namespace stoker::api
