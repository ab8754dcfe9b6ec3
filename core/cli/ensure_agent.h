// Commands that are of use to a newcomer start the agent they need.
#pragma once

#include "core/cli/command.h"

namespace stoker::cli {

// Starts an agent in the background where none answers, with the folders and files of this call, and says so. Throws
// as start_agent() does.
void ensure_agent(Invocation& call, const AgentClient& agent);

}  // namespace stoker::cli
