#include <CLI/CLI.hpp>
#include <iostream>

#include "core/cli/command.h"
#include "core/cli/entry.h"
#include "core/nearest.h"

namespace stoker::cli {
namespace {

// Where CLI11 puts what it finds; must not move while it parses.
struct Parsed {
  const Command* command = nullptr;
  CLI::App* app = nullptr;
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> switches;
};

struct Common {
  std::string config_file, state_dir;
  std::vector<std::string> plugin_path;
  bool json = false;
};

void add_common(CLI::App& app, Common& common) {
  app.add_option("--config", common.config_file, "the configuration file (STOKER_CONFIG)")->type_name("FILE");
  app.add_option("--state-dir", common.state_dir, "the folder of jobs, logs and artifacts (STOKER_STATE_DIR)")
      ->type_name("DIR");
  app.add_option("--plugin-path", common.plugin_path, "a further folder of plugins (STOKER_PLUGIN_PATH)")
      ->type_name("DIR");
  app.add_flag("--json", common.json, "print what the API said, and errors, as JSON");
}

void add_command(CLI::App& app, Common& common, Parsed& parsed) {
  const Command& command = *parsed.command;
  parsed.app = app.add_subcommand(command.name, command.summary);
  parsed.app->footer("Exit codes:\n  " + command.exit_codes);
  for (const auto& argument : command.arguments) {
    auto* added = parsed.app->add_option(argument.name, parsed.values[argument.name], argument.help)
                      ->required(argument.required)
                      ->type_name("");
    if (!argument.repeated) added->expected(1)->allow_extra_args(false);
  }
  for (const auto& option : command.options) {
    if (option.value.empty()) {
      parsed.app->add_flag(option.name, parsed.switches[option.name], option.help);
      continue;
    }
    auto* added = parsed.app->add_option(option.name, parsed.values[option.name], option.help)->type_name(option.value);
    if (option.repeated)
      added->take_all()->expected(1)->allow_extra_args(false);
    else
      added->expected(1)->take_last();
  }
  add_common(*parsed.app, common);
}

int usage_error(const std::string& message, const std::string& hint, bool json) {
  print_error(Error(Fault::invalid, message, hint), json, std::cerr);
  return kBadUsage;
}

// The first word that is no flag, where it names no command.
std::string unknown_command(int argc, char** argv, const std::vector<Command>& table) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--config" || word == "--state-dir" || word == "--plugin-path") {
      ++i;
    } else if (!word.starts_with('-')) {
      for (const auto& command : table)
        if (command.name == word) return {};
      return word;
    }
  }
  return {};
}

// What is wrong with the job file or an option, as this program or the agent found out.
bool is_bad_usage(const Error& error, const Command& command) {
  if (error.code == kBadUsageCode) return true;
  const bool of_account = error.code == to_string(Fault::auth) || error.code == to_string(Fault::quota);
  return error.fault == Fault::invalid && !of_account &&
         (command.name == "run" || command.name == "estimate" || command.name == "offers");
}

int exit_code(const Error& error, const Command& command) {
  if (error.code == kNoAgent) return kNoAgentExit;
  if (error.fault == Fault::cancelled) return kCancelled;
  return is_bad_usage(error, command) ? kBadUsage : kFailed;
}

int run_command_line(const Entry& entry, const Common& common, const Parsed& parsed) {
  SystemClock clock;
  Flags flags;
  if (!common.config_file.empty()) flags.config_file = common.config_file;
  if (!common.state_dir.empty()) flags.state_dir = common.state_dir;
  flags.plugin_path = common.plugin_path;
  Arguments arguments;
  for (const auto& [name, values] : parsed.values)
    if (!values.empty()) arguments.add(name, values);
  for (const auto& [name, on] : parsed.switches)
    if (on) arguments.add(name, {});
  Invocation invocation{entry, flags, common.json, arguments, std::cout, std::cerr, clock};
  try {
    const int code = parsed.command->run(invocation);
    std::cout.flush();
    return code;
  } catch (const Error& e) {
    print_error(e, common.json, std::cerr);
    return exit_code(e, *parsed.command);
  } catch (const std::exception& e) {
    print_error(Error(Fault::internal, e.what()), common.json, std::cerr);
    return kFailed;
  }
}

}  // namespace

int main(int argc, char** argv, const Entry& entry) {
  const std::vector<Command> table = commands();
  CLI::App app("Stoker trains models on machines that you rent or own.", "stoker");
  Common common;
  add_common(app, common);
  app.require_subcommand(1);
  app.footer(
      "Exit codes:\n  0    done, or the job succeeded\n  1    failed\n  2    bad usage or job spec\n"
      "  3    no agent can be reached or started\n  130  cancelled");
  bool version = false;
  app.add_flag("--version", version, "print the version");
  std::vector<Parsed> parsed(table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    parsed[i].command = &table[i];
    add_command(app, common, parsed[i]);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return kDone;
  } catch (const CLI::ParseError& e) {
    if (version) {
      std::cout << "stoker " << entry.version << "\n";
      return kDone;
    }
    const std::string word = unknown_command(argc, argv, table);
    if (word.empty())
      return usage_error(e.what(), "`stoker --help` and `stoker COMMAND --help` tell more", common.json);
    std::vector<std::string> names;
    for (const auto& command : table) names.push_back(command.name);
    const std::string near = nearest(word, names);
    return usage_error("`" + word + "` is not a command",
                       near.empty() ? "`stoker --help` lists them" : "did you mean `" + near + "`?", common.json);
  }
  for (const auto& one : parsed)
    if (one.app->parsed()) return run_command_line(entry, common, one);
  return kBadUsage;
}

}  // namespace stoker::cli
