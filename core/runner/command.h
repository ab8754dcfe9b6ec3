// The command of a phase, in the forked child: its environment, log and session. Nothing here returns to the
// supervisor.
#pragma once

#include <string>
#include <vector>

#include "core/runner/job.h"

namespace stoker::runner {

// NAME=VALUE entries for the command: ours, the secrets, the spec's, what the login gave; the first of a name counts.
[[nodiscard]] std::vector<std::string> command_environment(const Job& job, const Spec& spec,
                                                           const std::vector<std::string>& secrets,
                                                           const char* const* inherited);

// Waits until `gate` gives one byte, then becomes the command; when the gate closes without, exits. A failure is a line
// in the log and exit code 127.
[[noreturn]] void become_command(const Job& job, const Spec& spec, const std::string& phase, int gate);

}  // namespace stoker::runner
