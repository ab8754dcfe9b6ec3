// The computer's own ssh, told to trust one host key and to use one key: for a shell on an instance, or a port of it.
#pragma once

#include <string>
#include <vector>

#include "core/cli/command.h"

namespace stoker::cli {

// Runs ssh with `arguments` beside the options that say where and how, and `command` as what runs there. Asks the agent
// for access first; key and host key are files in a private folder that is gone when this returns. While it runs, the
// instance counts as used. Gives ssh's exit code, kDone where `until_interrupted` ended by a signal. Throws unsupported
// where there is no ssh.
int run_ssh(Invocation& call, const std::string& instance, const std::vector<std::string>& arguments,
            const std::vector<std::string>& command, bool until_interrupted);

}  // namespace stoker::cli
