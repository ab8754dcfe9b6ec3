// One test of the kit: a stable name, what it is for, and what it does with a plugin.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace stoker::check {

// How a test ends other than by success. Anything else that is thrown is a failure too.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Warned : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What is checked, and with what.
struct Subject {
  std::filesystem::path plugin;
  std::string id;                              // of the one provider or log parser the test is about; else the plugin's
  std::optional<std::filesystem::path> cloud;  // cloud.yaml of the fixtures, see docs/writing-a-provider.md
  std::vector<std::filesystem::path> logs;     // *.log of the fixtures, each with its *.events.jsonl where there is one
};

enum class Kind { plugin, provider, log_parser };

struct Test {
  const char* name;   // kebab-case; never changes
  const char* about;  // one sentence: what, and why
  Kind kind;          // run once for the plugin, or for each provider or log parser in it
  void (*run)(const Subject&);
};

// Each in the order of its group, in the file of its name.
std::vector<Test> library_tests();
std::vector<Test> call_tests();
std::vector<Test> process_tests();
std::vector<Test> secret_tests();
std::vector<Test> provider_tests();
std::vector<Test> log_parser_tests();

}  // namespace stoker::check
