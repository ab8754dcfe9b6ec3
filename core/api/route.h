// The routing table: all there is to call, what each call needs, and what /openapi.json says about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/context.h"
#include "core/api/dialect.h"
#include "core/api/request.h"

namespace stoker::api {

using Handler = Reply (*)(const ServerContext&, const Request&);

struct Parameter {
  const char* name;
  const char* type;  // of JSON schema
  const char* what;
};

struct Route {
  const char* method;
  const char* path;  // "{name}" stands for one part, a last "{name...}" for all that is left
  Scope scope;       // the least that may call it
  Handler handler;
  const char* body_type;  // content type of the body, what follows its ';' not counted; nullptr: there must be none
  int64_t body_cap;       // bytes; 0: ServerContext::max_file_bytes
  int success;            // status
  const char* schema;     // of the answer, in schema.h; nullptr: not JSON
  const char* body_schema;
  const char* summary;
  std::vector<Parameter> query;
  bool chunked = false;  // also takes a body of unannounced length
  Dialect dialect = Dialect::native;
};

[[nodiscard]] const std::vector<Route>& routes();

struct RouteMatch {
  const Route* route = nullptr;
  std::vector<std::string> parameters;
  std::vector<const Route*> others;  // same path, other methods: what 405 allows
};
[[nodiscard]] RouteMatch match_route(std::string_view method, const std::vector<std::string>& path);

}  // namespace stoker::api
