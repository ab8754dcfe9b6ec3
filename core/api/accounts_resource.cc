#include <simdjson.h>

#include "core/api/json_values.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/fleet/accounts.h"

namespace stoker::api {
namespace {

constexpr int64_t kCheckMs = kMinute;  // a cloud that takes longer is down
constexpr size_t kMaxValue = 64 << 10;

void write_account(JsonWriter& json, const store::AccountRow& row) {
  json.begin_object()
      .member("id", row.id)
      .member("provider", row.provider)
      .member("name", to_utf8(row.name))
      .member("cloud_id", to_utf8(row.cloud_id))
      .member("cloud_name", to_utf8(row.cloud_name))
      .key("balance");
  if (row.balance_micros)
    json.begin_object()
        .member("amount", units(*row.balance_micros))
        .member("currency", to_utf8(row.currency))
        .end_object();
  else
    json.null();
  json.key("settings").begin_object();
  for (const auto& [key, value] : row.settings) json.member(key, to_utf8(value));
  json.end_object()
      .member("state", row.problem.empty() ? "ok" : "refused")
      .member("problem", to_utf8(row.problem))
      .member("hint", to_utf8(row.hint));
  write_time(json, "created_ms", row.created_ms);
  write_time(json, "checked_ms", row.checked_ms);
  json.end_object();
}

Reply account_reply(const store::AccountRow& row, int status) {
  JsonWriter json;
  write_account(json, row);
  Reply reply;
  reply.status = status;
  reply.body = json.str();
  return reply;
}

Wait patience(const ServerContext& context) { return {context.closing, context.clock.mono_ms() + kCheckMs}; }

// A body {"key": text, ..., "values": {"key": text, ...}}.
class AccountBody {
 public:
  AccountBody(const std::string& body, std::initializer_list<std::string_view> keys) {
    if (parser_.parse(body).get(object_) != simdjson::SUCCESS)
      throw Error(Fault::invalid, "the body is not a JSON object");
    for (const auto [key, value] : object_) {
      if (key == "values") continue;
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        throw Error(Fault::invalid, "there is no key " + to_utf8(key), "GET /openapi.json tells the keys",
                    to_utf8(key));
      if (!value.is_string()) throw Error(Fault::invalid, to_utf8(key) + " is not text", {}, to_utf8(key));
    }
  }

  [[nodiscard]] std::optional<std::string> find(std::string_view key) const {
    std::string_view text;
    if (object_.at_key(key).get(text) != simdjson::SUCCESS) return std::nullopt;
    return std::string(text);
  }
  [[nodiscard]] std::string text(std::string_view key) const { return find(key).value_or(""); }

  // Numbers and booleans as their text, as the schema's kinds want them.
  [[nodiscard]] plugin_host::Settings values() const {
    plugin_host::Settings values;
    simdjson::dom::element member;
    if (object_.at_key("values").get(member) != simdjson::SUCCESS || member.is_null()) return values;
    simdjson::dom::object map;
    if (member.get(map) != simdjson::SUCCESS) throw Error(Fault::invalid, "values is not an object", {}, "values");
    for (const auto [key, value] : map) {
      std::string_view text;
      if (value.is_object() || value.is_array() || value.is_null())
        throw Error(Fault::invalid, to_utf8(key) + " is neither text, number nor boolean", {}, to_utf8(key));
      std::string word = value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(value);
      if (word.size() > kMaxValue)
        throw Error(Fault::invalid, to_utf8(key) + " is longer than 64 KiB", {}, to_utf8(key));
      values.emplace_back(key, std::move(word));
    }
    return values;
  }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::object object_;
};

}  // namespace

Reply connect_account(const ServerContext& context, const Request& request) {
  const AccountBody body(read_body(request.body), {"provider", "id", "name"});
  const auto provider = body.find("provider");
  if (!provider) throw Error(Fault::invalid, "provider is missing", "GET /v1/plugins lists them", "provider");
  Reply reply = account_reply(
      context.accounts.connect({*provider, body.text("id"), body.text("name"), body.values()}, patience(context)), 201);
  return reply;
}

Reply list_accounts(const ServerContext& context, const Request&) {
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const store::AccountRow& row : context.accounts.list()) write_account(json, row);
  Reply reply;
  reply.body = json.end_array().end_object().str();
  return reply;
}

Reply get_account(const ServerContext& context, const Request& request) {
  return account_reply(context.accounts.get(request.parameters.at(0)), 200);
}

Reply change_account(const ServerContext& context, const Request& request) {
  const AccountBody body(read_body(request.body), {"name"});
  return account_reply(
      context.accounts.change(request.parameters.at(0), {body.find("name"), body.values()}, patience(context)), 200);
}

Reply check_account(const ServerContext& context, const Request& request) {
  return account_reply(context.accounts.check(request.parameters.at(0), patience(context)), 200);
}

Reply remove_account(const ServerContext& context, const Request& request) {
  context.accounts.remove(request.parameters.at(0));
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace stoker::api
