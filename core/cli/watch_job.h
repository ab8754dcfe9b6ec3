// Following a job to its end, with a way out for the one who watches.
#pragma once

#include <string>

#include "core/cli/command.h"

namespace stoker::cli {

// Prints what happens and how it ended. Ctrl-C asks on a terminal: detach or cancel; elsewhere it cancels. Returns the
// exit code.
int watch_job(Invocation& call, const AgentClient& agent, const std::string& id);

}  // namespace stoker::cli
