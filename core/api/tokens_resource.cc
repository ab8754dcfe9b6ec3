#include <simdjson.h>

#include "core/api/json_values.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/api/token_list.h"
#include "core/error.h"

namespace stoker::api {
namespace {

void write_members(JsonWriter& json, const store::TokenRow& row) {
  json.member("id", row.id).member("name", row.name).member("scope", row.scope).key("origins").begin_array();
  for (const std::string& origin : row.origins) json.text(origin);
  json.end_array();
  write_time(json, "created_ms", row.created_ms);
  write_time(json, "last_used_ms", row.last_used_ms);
}

std::vector<std::string> read_origins(const simdjson::dom::element& value) {
  const Error fault(Fault::invalid, "origins is not a list of texts", {}, "origins");
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS) throw fault;
  std::vector<std::string> origins;
  for (const simdjson::dom::element one : list) {
    std::string_view text;
    if (one.get(text) != simdjson::SUCCESS) throw fault;
    origins.emplace_back(text);
  }
  return origins;
}

TokenList::NewToken read_new_token(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) throw Error(Fault::invalid, "the body is not a JSON object");
  TokenList::NewToken wanted;
  for (const auto [key, value] : object) {
    if (key == "name") {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) throw Error(Fault::invalid, "name is not text", {}, "name");
      wanted.name = text;
    } else if (key == "origins") {
      wanted.origins = read_origins(value);
    } else if (key == "replace") {
      if (value.get(wanted.replace) != simdjson::SUCCESS)
        throw Error(Fault::invalid, "replace is neither true nor false", {}, "replace");
    } else {
      throw Error(Fault::invalid, "there is no key " + to_utf8(key), "GET /openapi.json tells the keys", to_utf8(key));
    }
  }
  return wanted;
}

}  // namespace

Reply create_token(const ServerContext& context, const Request& request) {
  const TokenList::Made made = context.token_list->make(read_new_token(read_body(request.body)));
  JsonWriter json;
  json.begin_object();
  write_members(json, made.row);
  json.member("token", made.secret).end_object();
  Reply reply;
  reply.status = 201;
  reply.body = json.str();
  reply.fields.emplace_back("Location", "/v1/tokens/" + made.row.id);
  return reply;
}

Reply list_tokens(const ServerContext& context, const Request&) {
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const store::TokenRow& row : context.token_list->live()) {
    json.begin_object();
    write_members(json, row);
    json.end_object();
  }
  Reply reply;
  reply.body = json.end_array().end_object().str();
  return reply;
}

Reply revoke_token(const ServerContext& context, const Request& request) {
  context.token_list->revoke(request.parameters.at(0));
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace stoker::api
