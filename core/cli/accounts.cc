#include <algorithm>

#include "core/cli/account_connect.h"
#include "core/cli/command.h"
#include "core/cli/plain_text.h"
#include "core/cli/table.h"
#include "core/cli/terminal.h"

namespace stoker::cli {
namespace {

constexpr const char* kList = "/v1/accounts";

// "the key was refused; make a new one"
std::string problem_text(const Json& account) {
  const std::string hint = account["hint"].text();
  return account["problem"].text() + (hint.empty() ? "" : "; " + hint);
}

int list(Invocation& call, const std::string&) {
  const std::string answer = call.agent().get(kList);
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const auto accounts = Json::parse(answer, "the list of accounts")["data"].items();
  Table table({"ACCOUNT", "PROVIDER", "NAME", "STATE", "CLOUD ACCOUNT", "BALANCE", "CHECKED"});
  for (const auto& one : accounts) {
    const std::string cloud = one["cloud_name"].text(), balance = one["balance"]["currency"].text();
    table.row({one["id"].text(), one["provider"].text(), one["name"].text(), one["state"].text(),
               cloud.empty() ? one["cloud_id"].text() : cloud, format_money(one["balance"]["amount"].number(), balance),
               format_time(one["checked_ms"].integer().value_or(0))});
  }
  table.print(call.out);
  for (const auto& one : accounts)
    if (one["state"].text() == "refused") call.note(printable(one["id"].text() + ": " + problem_text(one)));
  if (accounts.empty()) call.note("no account is connected; `stoker accounts add PROVIDER` connects one");
  return kDone;
}

int check(Invocation& call, const std::string& id) {
  const std::string answer = call.agent().post(entry_path(kList, id) + "/check", "");
  const Json account = Json::parse(answer, "the account");
  const bool ok = account["state"].text() == "ok";
  if (call.json) {
    call.out << answer << "\n";
  } else if (ok) {
    const std::string cloud = cloud_account_text(account);
    call.out << id << ": ok" << printable(cloud.empty() ? "" : ", " + cloud) << "\n";
  } else {
    call.out << id << ": " << printable(problem_text(account)) << "\n";
  }
  return ok ? kDone : kFailed;
}

void confirm_removal(const std::string& id) {
  const auto terminal = Terminal::open();
  if (!terminal)
    throw bad_usage("accounts remove " + id + ": there is no terminal to ask whether that is meant", "give --yes");
  terminal->say("Its credential is forgotten here; at the cloud it stays valid until you revoke it there.");
  const std::string answer = terminal->ask("remove account " + id + "? [y/N] ");
  if (answer != "y" && answer != "Y" && answer != "yes")
    throw Error(Fault::cancelled, "account " + id + " stays connected");
}

int remove(Invocation& call, const std::string& id) {
  const std::string path = entry_path(kList, id);
  if (!call.arguments.has("--yes")) confirm_removal(id);
  const std::string answer = call.agent().remove(path);
  if (call.json)
    call.out << (answer.empty() ? "{}" : answer) << "\n";
  else
    call.out << "account " << id << " removed\n";
  return kDone;
}

struct Action {
  const char* name;
  int (*run)(Invocation& call, const std::string& id);
  const char* wants;  // what is to be named; null: nothing
  std::vector<std::string> options;
};

const std::vector<Action>& actions() {
  static const std::vector<Action> table = {
      {"list", list, nullptr, {}},
      {"add", connect_account, "PROVIDER", {"--id", "--name", "--set", "--secret", "--advanced"}},
      {"change", change_account, "ID", {"--name", "--set", "--secret"}},
      {"check", check, "ID", {}},
      {"remove", remove, "ID", {"--yes"}}};
  return table;
}

const Action& action_of(const Arguments& arguments) {
  const std::string name = arguments.has("ACTION") ? arguments.text("ACTION") : "list";
  const auto& table = actions();
  const auto action = std::find_if(table.begin(), table.end(), [&](const Action& one) { return one.name == name; });
  if (action == table.end())
    throw bad_usage("accounts " + printable(name) + ": no such action", "use list, add, change, check or remove");
  for (const char* option : {"--id", "--name", "--set", "--secret", "--advanced", "--yes"})
    if (arguments.has(option) && std::count(action->options.begin(), action->options.end(), option) == 0)
      throw bad_usage("accounts " + name + " does not take " + option, "`stoker accounts --help` tells more");
  if (action->wants != nullptr && !arguments.has("ID"))
    throw bad_usage("accounts " + name + ": " + action->wants + " is missing",
                    "write `stoker accounts " + name + " " + action->wants + "`");
  return *action;
}

int run(Invocation& call) {
  const Action& action = action_of(call.arguments);
  return action.run(call, call.arguments.text("ID"));
}

}  // namespace

Command accounts_command() {
  return {"accounts",
          "List, connect, change, check and remove the accounts of clouds",
          {{"ACTION", "list, add, change, check or remove (default: list)", false},
           {"ID", "the account; for add the provider", false}},
          {{"--id", "ID", "add: what the account is called here (default: the provider's id)"},
           {"--name", "TEXT", "add, change: its name for people"},
           {"--set", "KEY=VALUE", "add, change: a field of the set-up that is no secret", true},
           {"--secret", "KEY=SOURCE",
            "add, change: a secret, from env:VAR, file:PATH, or - for a line of standard input", true},
           {"--advanced", "", "add: ask for the advanced fields as well"},
           {"--yes", "", "remove: do not ask"}},
          run,
          "0    done\n  1    failed, or the cloud refuses the credential\n  2    bad usage\n"
          "  3    no agent can be reached or started\n  130  cancelled"};
}

}  // namespace stoker::cli
