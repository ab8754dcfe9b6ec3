#include "core/api/json_values.h"
#include "core/api/resources.h"
#include "core/plugin_host/registry.h"

namespace stoker::api {
namespace {

const char* kind_of(int32_t kind) {
  switch (kind) {
    case STOKER_FIELD_SECRET:
      return "secret";
    case STOKER_FIELD_INT:
      return "integer";
    case STOKER_FIELD_BOOL:
      return "boolean";
    case STOKER_FIELD_CHOICE:
      return "choice";
    case STOKER_FIELD_PATH:
      return "path";
    default:
      return "text";
  }
}

void write_field(JsonWriter& json, const plugin_host::ConfigField& field) {
  json.begin_object()
      .member("key", to_utf8(field.key))
      .member("label", to_utf8(field.label))
      .member("kind", kind_of(field.kind))
      .member("required", (field.flags & STOKER_FIELD_REQUIRED) != 0)
      .member("secret", field.secret())
      .member("advanced", (field.flags & STOKER_FIELD_ADVANCED) != 0)
      .member("help", to_utf8(field.help))
      .member("default", to_utf8(field.default_value))
      .member("example", to_utf8(field.example))
      .member("docs_url", to_utf8(field.docs_url))
      .member("group", to_utf8(field.group));
  json.key("choices").begin_array();
  for (const plugin_host::ConfigChoice& choice : field.choices)
    json.begin_object().member("value", to_utf8(choice.value)).member("label", to_utf8(choice.label)).end_object();
  json.end_array().end_object();
}

void write_texts(JsonWriter& json, const char* name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.text(to_utf8(text));
  json.end_array();
}

}  // namespace

Reply get_setup(const ServerContext& context, const Request& request) {
  const plugin_host::ProviderSetup& setup = context.registry.setup(request.parameters.at(0));
  JsonWriter json;
  json.begin_object()
      .member("provider", setup.facts.id)
      .member("name", to_utf8(setup.facts.name))
      .member("summary", to_utf8(setup.summary))
      .member("url", to_utf8(setup.url))
      .member("needs_account", setup.needs_account());
  json.key("fields").begin_array();
  for (const plugin_host::ConfigField& field : setup.fields) write_field(json, field);
  json.end_array();
  write_texts(json, "permissions", setup.permissions);
  write_texts(json, "hosts", setup.allowed_hosts);
  Reply reply;
  reply.body = json.end_object().str();
  return reply;
}

}  // namespace stoker::api
