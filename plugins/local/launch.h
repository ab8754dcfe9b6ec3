// Starting programs: a tool whose output is wanted, and the sshd that outlives us.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/local/process.h"

namespace stoker::local {

struct ToolResult {
  int exit_code = 0;   // 127 when it could not be started, 124 when it took too long and was killed
  std::string output;  // standard output and error together, at most 64 KiB
};

// Runs to the end, standard input empty.
ToolResult run_tool(const std::string& program, const std::vector<std::string>& arguments, int timeout_ms);

// Starts `program` in a session of its own, standard streams on /dev/null, with no descriptor of ours. `environment` is
// all it gets. Before the program runs, /proc/self/stat of the new process is copied to `stat_file`, so that whoever
// comes after a crash of ours can name it. Throws Failure when it does not start.
ProcessId start_detached(const std::string& program, const std::vector<std::string>& arguments,
                         const std::vector<std::pair<std::string, std::string>>& environment,
                         const std::filesystem::path& stat_file);

}  // namespace stoker::local
