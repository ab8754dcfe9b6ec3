#include "core/cli/account_questions.h"
#include "core/cli/command.h"
#include "core/cli/plain_text.h"
#include "core/cli/silent_log.h"
#include "core/private_file.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {
namespace {

constexpr size_t kInstallDigits = 16;

AccountSetup setup_of(const plugin_host::ProviderSetup& said) {
  AccountSetup setup;
  setup.provider = said.facts.id;
  setup.needs_account = said.needs_account();
  for (const plugin_host::ConfigField& it : said.fields) {
    SetupField field;
    field.key = it.key;
    field.label = it.label.empty() ? it.key : it.label;
    field.kind = it.kind == STOKER_FIELD_PATH ? "path" : "text";
    field.help = it.help;
    field.default_value = it.default_value;
    field.required = (it.flags & STOKER_FIELD_REQUIRED) != 0;
    field.secret = it.secret();
    for (const plugin_host::ConfigChoice& choice : it.choices) field.choices.emplace_back(choice.value, choice.label);
    setup.fields.push_back(std::move(field));
  }
  return setup;
}

// The credential of an account that no store knows, as it is typed.
plugin_host::Settings account_values(Invocation& call, const std::string& provider,
                                     const std::optional<Terminal>& terminal) {
  SilentLog log;
  const plugin_host::Registry registry(call.settings().plugins, call.clock, log);
  const AccountSetup setup = setup_of(registry.setup(provider));
  AccountRequest request;
  request.take(call.arguments, setup);
  if (!setup.needs_account) return {};
  if (terminal)
    for (const SetupField& field : setup.fields)
      if (field.must_be_given() && request.values.count(field.key) == 0) ask_field(*terminal, field, request);
  request.require_all(setup);
  plugin_host::Settings values;
  for (const auto& [key, value] : request.values) values.emplace_back(key, std::string(value.view()));
  return values;
}

std::string checked_installation(const std::string& id) {
  const bool hex = id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!id.empty() && (id.size() != kInstallDigits || !hex))
    throw bad_usage("--installation " + printable(id) + ": an install id has 16 hex digits",
                    "it is the tag stk-owner of a machine in the cloud's console");
  return id;
}

bool is_meant(const Invocation& call, const PanicOptions& options, const std::optional<Terminal>& terminal) {
  if (call.arguments.has("--yes")) return true;
  if (!terminal) throw bad_usage("panic: there is no terminal to ask at", "give --yes if it is meant");
  terminal->say("This ends every training and destroys every machine that " +
                (options.installation.empty() ? std::string("this installation") : options.installation) +
                " rented, with all that is on them" +
                (options.provider.empty() ? "." : ", at that account of " + options.provider + "."));
  return terminal->ask("Type panic to go on: ") == "panic";
}

void print(Invocation& call, const PanicOutcome& outcome) {
  if (call.json) {
    JsonWriter json;
    json.begin_object().key("destroyed").begin_array();
    for (const std::string& one : outcome.destroyed) json.text(one);
    json.end_array().key("left").begin_array();
    for (const std::string& one : outcome.left) json.text(one);
    call.out << json.end_array().end_object().str() << "\n";
    return;
  }
  for (const std::string& one : outcome.destroyed) call.out << "destroyed " << printable(one) << "\n";
  for (const std::string& one : outcome.left) call.out << "MAY BE LEFT " << printable(one) << "\n";
  if (!outcome.left.empty())
    call.out << "run it again, or look at the clouds' consoles: what is left may cost money\n";
  else if (outcome.destroyed.empty())
    call.out << "nothing was rented\n";
}

int run(Invocation& call) {
  PanicOptions options{call.flags,
                       checked_installation(call.arguments.text("--installation")),
                       call.arguments.text("--provider"),
                       {},
                       [&](const std::string& text) { call.note(printable(text)); }};
  if (options.provider.empty() && (call.arguments.has("--set") || call.arguments.has("--secret")))
    throw bad_usage("panic: --set and --secret are of an account that is named by --provider", "add --provider P");
  const std::optional<Terminal> terminal = Terminal::open();
  if (!options.provider.empty()) options.values = account_values(call, options.provider, terminal);
  if (!is_meant(call, options, terminal)) {
    call.note("nothing was done");
    return kFailed;
  }
  const PanicOutcome outcome = call.entry.panic(options);
  print(call, outcome);
  return outcome.left.empty() ? kDone : kFailed;
}

}  // namespace

Command panic_command() {
  return {"panic",
          "Destroy everything that this installation rented, without an agent, and without its store if need be",
          {},
          {{"--yes", "", "do not ask"},
           {"--installation", "ID", "an install id, where the state folder has none any more"},
           {"--provider", "P", "an account of P that the store does not know, with --set and --secret"},
           {"--set", "KEY=VALUE", "a field of its set-up", true},
           {"--secret", "KEY=SOURCE", "a secret field: env:VAR, file:PATH, or - for a line of standard input", true}},
          run,
          "0  all of it is gone\n  1  something may be left; it is named\n  2  bad usage"};
}

}  // namespace stoker::cli
