// The way out when nothing else is: everything that an installation rented, destroyed without an agent, and without the
// store where that is lost.
#pragma once

#include "core/agent/agent.h"

namespace stoker::agent {

// Stops the agent of the state folder and keeps others from starting, cancels its open jobs, and destroys at every
// account what bears the installation's tag, all accounts at once. Of another installation than the folder's it only
// destroys. Throws Error when it can not begin: not_found when there is no install id, conflict when the store and the
// folder have two, and what connecting an account throws. Whatever else fails is told, and what may be left by that is
// in the outcome.
[[nodiscard]] cli::PanicOutcome panic(const cli::PanicOptions& options, const Config& config, const Layout& layout,
                                      Clock* clock = nullptr);

}  // namespace stoker::agent
