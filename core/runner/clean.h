// Leaves nothing of a job behind.
#pragma once

#include "core/runner/job.h"

namespace stoker::runner {

// Stops everything, the watchdog included, and removes the folder. Throws when something lives on or cannot be removed,
// and for a folder that does not lie in one named "jobs".
void clean_job(const Job& job);

}  // namespace stoker::runner
