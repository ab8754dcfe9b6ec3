#include "core/cli/account_connect.h"

#include "core/cli/account_questions.h"
#include "core/cli/account_request.h"
#include "core/cli/account_setup.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/plain_text.h"
#include "core/cli/table.h"
#include "core/cli/terminal.h"

namespace stoker::cli {
namespace {

constexpr int kAskAgain = 3;

// What one call of the command works with.
struct Session {
  Invocation& call;
  AgentClient agent;
  AccountSetup setup;
  AccountRequest request;
  std::optional<Terminal> terminal;
};

template <typename F>
void ask(Session& session, F&& wanted) {
  bool introduced = session.call.json;
  for (const auto& field : session.setup.fields) {
    if (session.request.values.count(field.key) > 0 || !wanted(field)) continue;
    if (!introduced) session.call.err << introduction(session.setup) << std::flush;
    introduced = true;
    ask_field(*session.terminal, field, session.request);
  }
}

void require_change(const Session& session) {
  if (session.request.values.empty() && session.request.provider.empty() && !session.request.name)
    throw Error(Fault::cancelled, "nothing was given, so nothing is changed");
}

// The answer of `send_body`. Where it refuses a field, the person at the terminal may try again.
template <typename F>
std::string send(Session& session, F&& send_body) {
  for (int left = kAskAgain;; --left) {
    const SetupField* blamed = nullptr;
    try {
      return send_body(session.request.json().view());
    } catch (const Error& e) {
      blamed = session.setup.find(e.field);
      if (!session.terminal || blamed == nullptr || left == 0) throw;
      print_error(e, session.call.json, session.call.err);
    }
    session.request.values.erase(blamed->key);
    ask_field(*session.terminal, *blamed, session.request);
    require_change(session);
  }
}

void print_result(Session& session, const std::string& answer, const char* what) {
  if (session.call.json) {
    session.call.out << answer << "\n";
    return;
  }
  const Json account = Json::parse(answer, "the account");
  const std::string cloud = cloud_account_text(account);
  session.call.out << printable("account " + account["id"].text() + " " + what + (cloud.empty() ? "" : ": " + cloud))
                   << "\n";
}

}  // namespace

std::string cloud_account_text(const Json& account) {
  const std::string id = account["cloud_id"].text(), name = account["cloud_name"].text();
  std::string text = name.empty() || name == id ? id : id.empty() ? name : name + " (" + id + ")";
  if (const auto balance = account["balance"]["amount"].number())
    text += (text.empty() ? "balance " : ", balance ") + format_money(balance, account["balance"]["currency"].text());
  return text;
}

int connect_account(Invocation& call, const std::string& provider) {
  const AgentClient agent = call.agent();
  (void)entry_path("/v1/providers", provider);  // no agent is started for what can't be one
  ensure_agent(call, agent);
  Session session{call, agent, AccountSetup::of(agent, provider), {}, Terminal::open()};
  if (!session.setup.needs_account)
    throw bad_usage(provider + " needs no account", "it is set up in the configuration file");
  session.request.provider = provider;
  session.request.id = call.arguments.text("--id");
  if (call.arguments.has("--name")) session.request.name = call.arguments.text("--name");
  session.request.take(call.arguments, session.setup);
  if (session.terminal) {
    const bool all = call.arguments.has("--advanced");
    ask(session, [&](const SetupField& field) { return all || !field.advanced || field.must_be_given(); });
  } else {
    session.request.require_all(session.setup);
  }
  const std::string answer = send(session, [&](std::string_view body) { return agent.post("/v1/accounts", body); });
  print_result(session, answer, "connected");
  if (!call.json)
    call.out << "next: `stoker offers --provider " << printable(Json::parse(answer, "the account")["id"].text())
             << "` lists what it can rent\n";
  return kDone;
}

int change_account(Invocation& call, const std::string& id) {
  const AgentClient agent = call.agent();
  const std::string path = entry_path("/v1/accounts", id);
  const bool values = call.arguments.has("--set") || call.arguments.has("--secret");
  Session session{call, agent, {}, {}, Terminal::open()};
  if (call.arguments.has("--name")) session.request.name = call.arguments.text("--name");
  const bool asks = !values && !session.request.name;
  if (asks && !session.terminal)
    throw bad_usage("accounts change " + id + ": nothing to change, and there is no terminal to ask at",
                    "give --secret KEY=env:VAR, --set KEY=VALUE or --name TEXT");
  if (values || asks) {
    session.setup = AccountSetup::of(agent, Json::parse(agent.get(path), "the account")["provider"].text());
    session.request.take(call.arguments, session.setup);
  }
  if (asks) ask(session, [](const SetupField& field) { return field.secret; });
  require_change(session);
  const std::string answer = send(session, [&](std::string_view body) { return agent.patch(path, body); });
  print_result(session, answer, "changed");
  return kDone;
}

}  // namespace stoker::cli
