#include "core/api/problem.h"

#include <Poco/Net/HTTPResponse.h>

#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {
namespace {

int status_of(Fault fault) {
  switch (fault) {
    case Fault::invalid:
      return 400;
    case Fault::forbidden:
      return 403;
    case Fault::not_found:
      return 404;
    case Fault::conflict:
    case Fault::cancelled:
      return 409;
    case Fault::unsupported:
    case Fault::auth:  // the credential of a cloud, not the caller's token
    case Fault::quota:
      return 422;
    case Fault::rate_limited:
      return 429;
    case Fault::unknown_outcome:
      return 502;
    case Fault::no_capacity:
    case Fault::unavailable:
      return 503;
    case Fault::deadline:
      return 504;
    case Fault::internal:
      return 500;
  }
  return 500;
}

}  // namespace

const char* reason_phrase(int status) {
  using Poco::Net::HTTPResponse;
  return HTTPResponse::getReasonForStatus(static_cast<HTTPResponse::HTTPStatus>(status)).c_str();
}

Problem problem_of(const Error& error) {
  if (const auto* refused = dynamic_cast<const Refused*>(&error))
    return {refused->status, refused->code, error.what(), error.hint, error.field};
  return {status_of(error.fault), to_string(error.fault), error.what(), error.hint, error.field};
}

std::string to_json(const Problem& problem) {
  JsonWriter json;
  json.begin_object()
      .member("type", "about:blank")
      .member("title", reason_phrase(problem.status))
      .member("status", problem.status)
      .member("detail", to_utf8(problem.detail))
      .member("code", problem.code);
  if (!problem.hint.empty()) json.member("hint", to_utf8(problem.hint));
  if (!problem.field.empty()) json.member("field", to_utf8(problem.field));
  return json.end_object().str();
}

}  // namespace stoker::api
