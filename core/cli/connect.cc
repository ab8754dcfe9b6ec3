#include <algorithm>

#include "core/cli/command.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/plain_text.h"
#include "core/cli/terminal.h"
#include "core/cli/token_request.h"
#include "core/nearest.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {
namespace {

struct App {
  const char* name;
  const char* where;                 // its own settings
  std::vector<std::string> origins;  // as it ships: desktop on each system, and its servers for development
};

const std::vector<App>& apps() {
  static const std::vector<App> table = {
      {"chatmle",
       "in ChatMLE, as the provider's base URL and API key",
       {"tauri://localhost", "http://tauri.localhost", "http://localhost:5173", "http://localhost:3000"}}};
  return table;
}

const App& app_named(const std::string& name) {
  std::vector<std::string> names;
  for (const App& app : apps()) {
    if (app.name == name) return app;
    names.emplace_back(app.name);
  }
  const std::string near = nearest(name, names);
  throw bad_usage(
      "connect " + printable(name) + ": no such app is known",
      near.empty() ? "`stoker tokens create` makes a token for any other app" : "did you mean `" + near + "`?");
}

bool may_replace(const Invocation& call, const AgentClient& agent, const std::string& name) {
  if (call.arguments.has("--replace")) return true;
  if (!find_token(agent, name)) return false;
  const auto terminal = Terminal::open();
  if (!terminal)
    throw bad_usage("connect " + name + ": a token of this name is there already, and its key can not be shown again",
                    "give --replace; the key that is in use now then ends");
  const std::string answer = terminal->ask("replace the token " + name + "? The key in use now then ends. [y/N] ");
  if (answer != "y" && answer != "Y" && answer != "yes")
    throw Error(Fault::cancelled, "the token " + name + " stays as it is");
  return true;
}

int run(Invocation& call) {
  const App& app = app_named(call.arguments.text("APP"));
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  TokenRequest wanted{app.name, app.origins, may_replace(call, agent, app.name)};
  for (const std::string& origin : call.arguments.all("--origin")) wanted.origins.push_back(origin);
  const Json token = Json::parse(make_token(agent, wanted), "the token");
  const auto view = call.entry.client_view(call.settings().state_dir);
  if (!view) throw Error(Fault::unavailable, "the agent is gone", "`stoker serve` starts one");
  const std::string base = "http://" + view->host + ":" + std::to_string(view->port) + "/openai/v1";
  if (call.json) {
    JsonWriter json;
    json.begin_object().member("app", app.name).member("base_url", base).member("api_key", token["token"].text());
    json.key("origins").raw(token["origins"].dump()).member("token_id", token["id"].text());
    call.out << json.end_object().str() << "\n";
    return kDone;
  }
  call.out << "Paste these " << app.where << ":\n"
           << "  base URL  " << base << "\n"
           << "  API key   " << token["token"].text() << "\n"
           << "The key works from " << origins_text(token) << ", and is not shown again;\n"
           << "`stoker tokens revoke " << app.name << "` ends it.\n";
  return kDone;
}

}  // namespace

Command connect_command() {
  return {"connect",
          "Let an app train here: make its token and print what to paste where",
          {{"APP", "chatmle"}},
          {{"--origin", "ORIGIN", "a further web page it may be used from", true},
           {"--replace", "", "do not ask before the app's token is replaced"}},
          run,
          "0    done\n  1    failed\n  2    bad usage\n  3    no agent can be reached or started\n  130  cancelled"};
}

}  // namespace stoker::cli
