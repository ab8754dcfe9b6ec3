// Programs that a test starts, and what it finds in /proc.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stoker::e2e {

using Words = std::vector<std::string>;

// Asks every 2 ms; false when it did not become true in time.
bool eventually(const std::function<bool()>& condition, int64_t within_ms = 30'000);

// Standard input is /dev/null; standard output and error are appended to `output`.
pid_t start(const Words& words, const Words& environment, const std::filesystem::path& output);

// The exit code of a child, 128 + N when signal N ended it, or nothing when it still runs after `within_ms`.
std::optional<int> wait_for(pid_t pid, int64_t within_ms);

struct Result {
  int code = -1;  // as wait_for; -1: it had to be killed
  std::string out, err;
};
Result run(const Words& words, const Words& environment, int64_t within_ms = 60'000);

// Other processes with this text in their environment or command line.
std::vector<pid_t> processes_with(const std::string& text);
std::string command_line(pid_t pid);

// The whole of it; empty when it is not there.
std::string content(const std::filesystem::path& file);
std::vector<std::string> lines_of(const std::string& text);

}  // namespace stoker::e2e
