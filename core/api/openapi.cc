#include "core/api/openapi.h"

#include <algorithm>
#include <map>

#include "core/api/openai/schema.h"
#include "core/api/resources.h"
#include "core/api/route.h"
#include "core/api/schema.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {
namespace {

void write_content(JsonWriter& json, const char* type, const char* schema) {
  json.key("content").begin_object().key(type).begin_object().key("schema").begin_object();
  schema ? json.member("$ref", "#/components/schemas/" + std::string(schema))
         : json.member("type", "string").member("format", "binary");
  json.end_object().end_object().end_object();
}

void write_parameter(JsonWriter& json, const std::string& name, const char* in, const char* type, const char* what) {
  json.begin_object().member("name", name).member("in", in).member("required", std::string_view(in) == "path");
  if (*what) json.member("description", what);
  json.key("schema").begin_object().member("type", type).end_object().end_object();
}

// "/a/{path...}" is written "/a/{path}".
std::string public_path(std::string path, std::vector<std::string>& parameters) {
  if (const size_t dots = path.find("...}"); dots != std::string::npos) path.erase(dots, 3);
  for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1))
    parameters.push_back(path.substr(at + 1, path.find('}', at) - at - 1));
  return path;
}

void write_operation(JsonWriter& json, const Route& route, const std::vector<std::string>& path_parameters) {
  json.begin_object().member("summary", route.summary);
  json.key("parameters").begin_array();
  for (const std::string& name : path_parameters) write_parameter(json, name, "path", "string", "");
  for (const Parameter& it : route.query) write_parameter(json, it.name, "query", it.type, it.what);
  json.end_array();
  if (route.scope == Scope::none) {
    json.key("security").begin_array().end_array();
  } else {
    json.member("x-scope", route.scope == Scope::admin ? "admin" : "run");
  }
  if (route.body_type) {
    json.key("requestBody").begin_object().member("required", true);
    write_content(json, route.body_type, route.body_schema);
    json.end_object();
  }
  json.key("responses").begin_object().key(std::to_string(route.success)).begin_object().member("description", "done");
  const bool events = std::string_view(route.path).ends_with("/events");
  if (route.success != 204)
    write_content(json,
                  route.schema ? "application/json"
                  : events     ? "text/event-stream"
                               : "application/octet-stream",
                  route.schema);
  json.end_object().key("default").begin_object().member("description", "refused");
  route.dialect == Dialect::openai ? write_content(json, "application/json", "OpenaiError")
                                   : write_content(json, "application/problem+json", "Problem");
  json.end_object().end_object().end_object();
}

}  // namespace

std::string openapi_document(const std::string& version) {
  std::map<std::string, std::vector<const Route*>> paths;
  for (const Route& route : routes()) paths[route.path].push_back(&route);
  JsonWriter json;
  json.begin_object().member("openapi", "3.1.0");
  json.key("info").begin_object().member("title", "Stoker").member("version", version).end_object();
  json.key("security").begin_array().begin_object().key("bearer").begin_array().end_array().end_object().end_array();
  json.key("paths").begin_object();
  for (const auto& [path, operations] : paths) {
    std::vector<std::string> parameters;
    json.key(public_path(path, parameters)).begin_object();
    for (const Route* route : operations) {
      std::string method = route->method;
      std::transform(method.begin(), method.end(), method.begin(), [](char c) { return static_cast<char>(c | 0x20); });
      json.key(method);
      write_operation(json, *route, parameters);
    }
    json.end_object();
  }
  json.end_object().key("components").begin_object().key("securitySchemes").begin_object().key("bearer").begin_object();
  json.member("type", "http").member("scheme", "bearer").end_object().end_object();
  json.key("schemas").begin_object();
  for (const auto* part : {&schemas(), &openai::schemas()})
    for (const auto& [name, schema] : *part) json.key(name).raw(schema);
  return json.end_object().end_object().end_object().str();
}

Reply get_openapi(const ServerContext& context, const Request&) {
  Reply reply;
  reply.body = openapi_document(context.version);
  return reply;
}

}  // namespace stoker::api
