// Files of the job coming home.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/jobs/job_run.h"

namespace stoker::jobs {

// Fetches what the patterns name into <job>/artifacts and records it; what is there already with the same hash is left
// alone. Only files that have not changed for `settled_ms`. `patience_ms`: how long a broken connection is tried again.
void fetch_outputs(JobRun& run, const std::vector<std::string>& patterns, int64_t settled_ms, int64_t patience_ms);

// The patterns of the spec's checkpoints, empty when it names none.
[[nodiscard]] std::vector<std::string> checkpoint_patterns(const JobSpec& spec);

}  // namespace stoker::jobs
