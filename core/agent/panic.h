// The way out when nothing else is: everything that an installation rented, destroyed without an agent, and without the
// store where that is lost.
#pragma once

#include "core/agent/agent.h"

namespace stoker::agent {

// Stops the agent of the state folder and keeps others from starting, takes from the open jobs the right to go on,
// and destroys at every account what bears the installation's tag, all accounts at once. Throws Error when it can not
// begin: not_found when there is no install id or no account to look at, what connecting an account throws.
[[nodiscard]] cli::PanicOutcome panic(const cli::PanicOptions& options, const Config& config, const Layout& layout,
                                      Clock* clock = nullptr);

}  // namespace stoker::agent
