// A command: what it is called with, and what it does. One file a command.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/cli/agent_client.h"
#include "core/cli/entry.h"
#include "core/cli/json_reader.h"
#include "core/clock.h"

namespace stoker::cli {

constexpr int kDone = 0, kFailed = 1, kBadUsage = 2, kNoAgentExit = 3, kCancelled = 130;

// Error::code of what was typed wrongly; the command line turns it into exit code 2.
constexpr const char* kBadUsageCode = "bad_usage";
[[nodiscard]] Error bad_usage(const std::string& message, const std::string& hint = {});

// What was typed, by the option's or argument's name ("--env", "JOB").
class Arguments {
 public:
  void add(const std::string& name, std::vector<std::string> values) { values_[name] = std::move(values); }
  [[nodiscard]] bool has(const std::string& name) const { return values_.count(name) > 0; }
  [[nodiscard]] std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? std::string() : found->second.back();
  }
  [[nodiscard]] std::vector<std::string> all(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>() : found->second;
  }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

// One call of the program.
struct Invocation {
  const Entry& entry;
  Flags flags;
  bool json = false;  // --json
  Arguments arguments;
  std::ostream& out;
  std::ostream& err;
  Clock& clock;
  std::optional<Settings> settings_read = {};

  const Settings& settings();
  [[nodiscard]] AgentClient agent();
  void note(const std::string& message) const;  // "stoker: message" on stderr
};

struct Option {
  std::string name;   // "--env"
  std::string value;  // "K=V"; empty: a switch
  std::string help;
  bool repeated = false;
};

struct Argument {
  std::string name, help;
  bool required = true;
  bool repeated = false;  // takes all that is left
};

struct Command {
  std::string name, summary;
  std::vector<Argument> arguments;
  std::vector<Option> options;
  int (*run)(Invocation&);
  std::string exit_codes = "0  done\n  1  failed\n  2  bad usage\n  3  no agent can be reached";
};

Command accounts_command();
Command cancel_command();
Command connect_command();
Command destroy_command();
Command doctor_command();
Command estimate_command();
Command instances_command();
Command jobs_command();
Command keys_command();
Command logs_command();
Command metrics_command();
Command offers_command();
Command panic_command();
Command parse_command();
Command plugins_command();
Command run_command();
Command serve_command();
Command show_command();
Command ssh_command();
Command tunnel_command();
Command templates_command();
Command tokens_command();
Command version_command();

// The commands in the order of the help.
[[nodiscard]] std::vector<Command> commands();

// Every entry of the list at `path` ("/v1/jobs"), page by page.
void for_each_entry(const AgentClient& agent, const std::string& path, const std::function<void(const Json&)>& entry);

// The id that begins with `prefix` in the list at `path` ("/v1/jobs"). Throws not_found, or invalid naming the
// candidates.
[[nodiscard]] std::string full_id(const AgentClient& agent, const std::string& path, const std::string& prefix);

// "/v1/accounts/team" for an id that was typed. Throws bad usage for what is no id.
[[nodiscard]] std::string entry_path(const std::string& list, const std::string& id);

// False once an entry of /v1/instances is known to cost nothing any more.
[[nodiscard]] bool is_open(const Json& instance);

// Error as a person or, with --json, a program reads it.
void print_error(const Error& error, bool json, std::ostream& err);

}  // namespace stoker::cli
