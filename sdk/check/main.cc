#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>

#include "core/error.h"
#include "sdk/check/fuzz.h"
#include "sdk/check/run.h"

namespace {

using stoker::check::FuzzOptions;
using stoker::check::RunOptions;

constexpr int kClean = 0, kFound = 1, kNotRun = 2;

const char* kind_name(stoker::check::Kind kind) {
  return kind == stoker::check::Kind::plugin ? "plugin" : kind == stoker::check::Kind::provider ? "provider" : "parser";
}

int list() {
  for (const auto& test : stoker::check::all_tests()) std::cout << test.name << "\n";
  return kClean;
}

int describe(const std::string& name) {
  bool found = false;
  for (const auto& test : stoker::check::all_tests()) {
    if (!name.empty() && name != test.name) continue;
    std::cout << test.name << " (" << kind_name(test.kind) << ")\n    " << test.about << "\n";
    found = true;
  }
  if (!found)
    throw stoker::Error(stoker::Fault::invalid, "there is no test `" + name + "`",
                        "see the names with `stoker-plugin-check list`");
  return kClean;
}

// STOKER_CHECK_API_KEY=... is the secret `api_key`.
std::map<std::string, std::string> secrets_in_environment() {
  constexpr std::string_view kPrefix = "STOKER_CHECK_";
  std::map<std::string, std::string> secrets;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view variable = *one;
    const size_t equals = variable.find('=');
    if (!variable.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    std::string key(variable.substr(kPrefix.size(), equals - kPrefix.size()));
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
    secrets[key] = variable.substr(equals + 1);
  }
  return secrets;
}

int record(const RunOptions& options, const std::vector<std::string>& endpoints) {
  stoker::check::RecordOptions recording{secrets_in_environment(), {}};
  for (const std::string& one : endpoints) {
    const size_t equals = one.find('=');
    if (equals == std::string::npos)
      throw stoker::Error(stoker::Fault::invalid, "`" + one + "` is no endpoint", "write HOST=URL");
    recording.endpoints[one.substr(0, equals)] = one.substr(equals + 1);
  }
  for (const auto& plugin : options.plugins)
    for (const auto& file : stoker::check::record(plugin, options.fixtures, recording))
      std::cout << "wrote " << file.string() << "\n";
  return kClean;
}

int run(int argc, char** argv) {
  CLI::App app{
      "stoker-plugin-check: holds a plugin against the rules of the Stoker SDK.\n\n"
      "Each test runs in a process of its own, at most 45 s. Exit status: 0 nothing failed, 1 something did, 2 the\n"
      "check itself could not be run."};
  RunOptions options;
  app.add_option("PLUGIN", options.plugins, "plugin libraries (.so)");
  app.add_option("--fixtures", options.fixtures, "folder with cloud.yaml (provider) and logs/*.log (log parser)");
  app.add_option("--include", options.include, "only tests whose name this regular expression finds");
  app.add_option("--exclude", options.exclude, "no tests whose name this regular expression finds");
  app.add_flag("--json", options.json, "one JSON object a line: test, subject, verdict, detail, ms");
  app.add_flag("--only-failed", options.only_failed, "print only what failed or crashed");
  app.add_flag("--in-process", options.in_process, "no child processes, for a debugger");
  auto* list_command = app.add_subcommand("list", "the names of all tests");
  auto* describe_command = app.add_subcommand("describe", "what a test looks for, and why");
  std::string name;
  describe_command->add_option("TEST", name, "its name; none: all");
  auto* record_command = app.add_subcommand("record",
                                            "log parser: write the events of logs/NAME.log to logs/NAME.events.jsonl. "
                                            "Provider: ask the real cloud what changes\n"
                                            "nothing there, and write its answers to cloud.recorded.yaml; the secret "
                                            "`token` is read from STOKER_CHECK_TOKEN");
  record_command->add_option("PLUGIN", options.plugins, "plugin libraries (.so)")->required();
  record_command->add_option("--fixtures", options.fixtures, "the folder to write to")->required();
  std::vector<std::string> endpoints;
  record_command->add_option("--endpoint", endpoints, "HOST=URL: a stand-in for the cloud");
  auto* fuzz_command = app.add_subcommand("fuzz", "try logs and answers of the cloud that nobody thought of");
  FuzzOptions fuzzing;
  uint64_t seed = 0;
  fuzz_command->add_option("PLUGIN", fuzzing.plugin, "plugin library (.so)")->required();
  fuzz_command->add_option("--fixtures", fuzzing.fixtures, "folder with cloud.yaml and logs/*.log to begin with");
  fuzz_command->add_option("--seconds", fuzzing.seconds, "how long")->capture_default_str();
  auto* reproduce = fuzz_command->add_option("--reproduce", seed, "this seed only");
  fuzz_command->add_flag("--in-process", fuzzing.in_process, "no child process, for a debugger");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kClean : kNotRun;
  }
  if (*list_command) return list();
  if (*describe_command) return describe(name);
  if (*record_command) return record(options, endpoints);
  if (*reproduce) fuzzing.reproduce = seed;
  if (*fuzz_command) return stoker::check::fuzz(fuzzing, std::cout) ? kClean : kFound;
  if (options.plugins.empty())
    throw stoker::Error(stoker::Fault::invalid, "no plugin is given", "stoker-plugin-check PLUGIN.so --fixtures DIR");
  return stoker::check::run(options, std::cout) ? kClean : kFound;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const stoker::Error& error) {
    std::cerr << "stoker-plugin-check: " << error.what() << (error.hint.empty() ? "" : "; " + error.hint) << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "stoker-plugin-check: " << error.what() << std::endl;
  }
  return kNotRun;
}
