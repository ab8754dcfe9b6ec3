// One command of the job on the instance: started once, its log followed to the end.
#pragma once

#include <string_view>

#include "core/jobs/job_run.h"

namespace stoker::jobs {

// Starts the phase (or takes it up), stores and parses its log, watches the caps. Returns when it has ended and
// everything it logged is stored. Throws invalid naming the cap when one is reached; the phase still runs then.
remote::PhaseStatus run_phase(JobRun& run, std::string_view phase);

// The same for a phase that may have been stopped or never started: only what is left of its log.
void drain_log(JobRun& run, std::string_view phase);

// What a phase that ended badly means for the job: a sentence, empty when it ended well.
[[nodiscard]] std::string failure_of(const remote::PhaseStatus& status, std::string_view phase);

}  // namespace stoker::jobs
