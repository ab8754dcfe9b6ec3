// Which tests are run on what, and what they came to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "sdk/check/recorded_cloud.h"
#include "sdk/check/test.h"

namespace stoker::check {

enum class Verdict { success, failed, crashed, skipped, warning };
const char* to_string(Verdict verdict);

struct Result {
  std::string test, subject;
  Verdict verdict = Verdict::success;
  std::string detail;  // why, for all but success
  int64_t ms = 0;
};

// Ids, as far as the plugin loads at all.
struct Offered {
  std::string plugin;
  std::vector<std::string> providers, log_parsers;
};
Offered offered_by(const std::filesystem::path& plugin);

// `fixtures`: the folder of cloud.yaml and logs/*.log; empty: none. Throws Error{invalid}.
Subject subject_of(const std::filesystem::path& plugin, const std::filesystem::path& fixtures);

struct RunOptions {
  std::vector<std::filesystem::path> plugins;
  std::filesystem::path fixtures;  // cloud.yaml and logs/*.log; empty: none
  std::string include, exclude;    // regular expressions over the names of tests
  bool json = false, only_failed = false, in_process = false;
  int64_t limit_ms = 45'000;  // of one test
};

// All tests, in the order in which they are run.
std::vector<Test> all_tests();

// Prints the results as they come. Whether all is clean: nothing failed or crashed.
bool run(const RunOptions& options, std::ostream& out);

// Writes down what the plugin's log parser reads in the logs of the fixtures, and what the cloud answers its provider.
// The files written. Throws Failed or Error.
std::vector<std::filesystem::path> record(const std::filesystem::path& plugin, const std::filesystem::path& fixtures,
                                          const RecordOptions& options);

// What run() tells of one test.
Result run_test(const Test& test, const Subject& subject, const RunOptions& options);

}  // namespace stoker::check
