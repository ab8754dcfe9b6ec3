// Files of the job coming home.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/jobs/job_run.h"

namespace stoker::jobs {

// Fetches what the patterns name into <job>/artifacts and records it; what is there already with the same hash is left
// alone. `patience_ms`: how long a broken connection is tried again.
void fetch_outputs(JobRun& run, const std::vector<std::string>& patterns, int64_t patience_ms);

// The connection is well and the file is not: it changed, is gone, or lies where another one does.
[[nodiscard]] bool is_of_the_file(const Error& error);

// The patterns of the spec's checkpoints, empty when it names none.
[[nodiscard]] std::vector<std::string> checkpoint_patterns(const JobSpec& spec);

}  // namespace stoker::jobs
