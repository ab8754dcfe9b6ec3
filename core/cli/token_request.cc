#include "core/cli/token_request.h"

#include "core/cli/plain_text.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {

std::string make_token(const AgentClient& agent, const TokenRequest& wanted) {
  JsonWriter json;
  json.begin_object().member("name", to_utf8(wanted.name)).key("origins").begin_array();
  for (const std::string& origin : wanted.origins) json.text(to_utf8(origin));
  json.end_array();
  if (wanted.replace) json.member("replace", true);
  return agent.post(kTokens, json.end_object().str());
}

std::optional<Json> find_token(const AgentClient& agent, const std::string& which) {
  for (const Json& token : Json::parse(agent.get(kTokens), "the list of tokens")["data"].items())
    if (token["name"].text() == which || token["id"].text() == which) return token;
  return std::nullopt;
}

std::string origins_text(const Json& token) {
  std::string list;
  for (const Json& origin : token["origins"].items()) list += (list.empty() ? "" : ", ") + printable(origin.text());
  return list.empty() ? "no web page" : list;
}

}  // namespace stoker::cli
