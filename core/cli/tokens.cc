#include <algorithm>

#include "core/cli/command.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/plain_text.h"
#include "core/cli/table.h"
#include "core/cli/token_request.h"

namespace stoker::cli {
namespace {

int list(Invocation& call) {
  const std::string answer = call.agent().get(kTokens);
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const auto tokens = Json::parse(answer, "the list of tokens")["data"].items();
  Table table({"TOKEN", "NAME", "FOR", "CREATED", "LAST USED"});
  for (const Json& one : tokens)
    table.row({one["id"].text(), one["name"].text(), origins_text(one),
               format_time(one["created_ms"].integer().value_or(0)),
               format_time(one["last_used_ms"].integer().value_or(0))});
  table.print(call.out);
  if (tokens.empty()) call.note("no app has a token; `stoker tokens create --name NAME --origin ORIGIN` makes one");
  return kDone;
}

// The secret stands alone on standard output, so that a script can take it.
int create(Invocation& call) {
  const std::string name = call.arguments.text("--name");
  if (name.empty()) throw bad_usage("tokens create: --name is missing", "write `stoker tokens create --name NAME`");
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  const std::string answer = make_token(agent, {name, call.arguments.all("--origin"), call.arguments.has("--replace")});
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const Json token = Json::parse(answer, "the token");
  call.out << token["token"].text() << "\n";
  call.note("token " + printable(token["name"].text()) + " (" + token["id"].text() + ") for " + origins_text(token) +
            "; it is not shown again");
  return kDone;
}

int revoke(Invocation& call) {
  const std::string which = call.arguments.text("TOKEN");
  if (which.empty()) throw bad_usage("tokens revoke: TOKEN is missing", "write `stoker tokens revoke NAME`");
  const AgentClient agent = call.agent();
  const auto token = find_token(agent, which);
  if (!token) throw Error(Fault::not_found, "there is no token " + printable(which), "`stoker tokens` lists them");
  const std::string answer = agent.remove(entry_path(kTokens, (*token)["id"].text()));
  if (call.json)
    call.out << (answer.empty() ? "{}" : answer) << "\n";
  else
    call.out << "token " << printable((*token)["name"].text()) << " revoked\n";
  return kDone;
}

struct Action {
  const char* name;
  int (*run)(Invocation& call);
  std::vector<std::string> options;
};

int run(Invocation& call) {
  static const std::vector<Action> actions = {
      {"list", list, {}}, {"create", create, {"--name", "--origin", "--replace"}}, {"revoke", revoke, {"TOKEN"}}};
  const std::string name = call.arguments.has("ACTION") ? call.arguments.text("ACTION") : "list";
  const auto action = std::find_if(actions.begin(), actions.end(), [&](const Action& one) { return one.name == name; });
  if (action == actions.end())
    throw bad_usage("tokens " + printable(name) + ": no such action", "use list, create or revoke");
  for (const char* option : {"--name", "--origin", "--replace", "TOKEN"})
    if (call.arguments.has(option) && std::count(action->options.begin(), action->options.end(), option) == 0)
      throw bad_usage("tokens " + name + " does not take " + option, "`stoker tokens --help` tells more");
  return action->run(call);
}

}  // namespace

Command tokens_command() {
  return {"tokens",
          "List, make and revoke the tokens with which apps call the agent",
          {{"ACTION", "list, create or revoke (default: list)", false}, {"TOKEN", "revoke: its name or id", false}},
          {{"--name", "NAME", "create: the app"},
           {"--origin", "ORIGIN",
            "create: a web page it may be used from, as the browser names it, such as tauri://localhost; without any "
            "it is for programs that are no web page",
            true},
           {"--replace", "", "create: revoke the token that has this name"}},
          run,
          "0  done\n  1  failed\n  2  bad usage\n  3  no agent can be reached or started"};
}

}  // namespace stoker::cli
