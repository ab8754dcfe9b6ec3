// Starts the command of a phase once, ever, and records how it ended.
#pragma once

#include <string>

#include "core/runner/job.h"

namespace stoker::runner {

// Held while a phase is being started, so that `stop` sees either nothing or a recorded process.
constexpr const char* kStartLock = "start.lock";

// Returns once the command is running. False: this phase was started before. Throws when it was refused; nothing has
// run then.
[[nodiscard]] bool start_phase(const Job& job, const std::string& phase);

}  // namespace stoker::runner
