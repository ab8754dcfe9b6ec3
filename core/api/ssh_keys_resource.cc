#include <simdjson.h>

#include "core/api/json_values.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/jobs/login_keys.h"

namespace stoker::api {
namespace {

void write_members(JsonWriter& json, const store::SshKeyRow& row) {
  json.member("id", row.id)
      .member("name", row.name)
      .member("public_key", row.public_key)
      .member("fingerprint", jobs::login_key_fingerprint(row));
  write_time(json, "created_ms", row.created_ms);
}

struct NewKey {
  std::string name;
  std::optional<std::string> public_key;  // none: one is to be made
};

NewKey read_new_key(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) throw Error(Fault::invalid, "the body is not a JSON object");
  NewKey wanted;
  for (const auto [key, value] : object) {
    std::string_view text;
    if (key != "name" && key != "public_key")
      throw Error(Fault::invalid, "there is no key " + to_utf8(key), "GET /openapi.json tells the keys", to_utf8(key));
    if (value.get(text) != simdjson::SUCCESS)
      throw Error(Fault::invalid, to_utf8(key) + " is not text", {}, to_utf8(key));
    if (key == "name")
      wanted.name = text;
    else
      wanted.public_key = text;
  }
  return wanted;
}

}  // namespace

Reply create_ssh_key(const ServerContext& context, const Request& request) {
  const NewKey wanted = read_new_key(read_body(request.body));
  jobs::LoginKeys keys(context.db, context.clock);
  const jobs::LoginKeys::Made made = wanted.public_key
                                         ? jobs::LoginKeys::Made{keys.add(wanted.name, *wanted.public_key), {}}
                                         : keys.generate(wanted.name);
  JsonWriter json;
  json.begin_object();
  write_members(json, made.row);
  if (!made.private_key.empty()) json.member("private_key", made.private_key);
  Reply reply;
  reply.status = 201;
  reply.body = json.end_object().str();
  reply.fields.emplace_back("Location", "/v1/ssh-keys/" + made.row.id);
  return reply;
}

Reply list_ssh_keys(const ServerContext& context, const Request&) {
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const store::SshKeyRow& row : jobs::LoginKeys(context.db, context.clock).all()) {
    json.begin_object();
    write_members(json, row);
    json.end_object();
  }
  Reply reply;
  reply.body = json.end_array().end_object().str();
  return reply;
}

Reply remove_ssh_key(const ServerContext& context, const Request& request) {
  jobs::LoginKeys(context.db, context.clock).remove(request.parameters.at(0));
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace stoker::api
