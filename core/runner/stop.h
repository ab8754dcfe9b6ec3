// Ends every process of a job, however far it has run from its session.
#pragma once

#include <cstdint>
#include <vector>

#include "core/runner/job.h"
#include "core/runner/process.h"

namespace stoker::runner {

// The living processes of the job, supervisors left out: the recorded groups and sessions, all that descends from them
// or from a living supervisor, and whoever carries the job's mark in the environment.
[[nodiscard]] std::vector<Process> job_processes(const Job& job);

// INT, after the grace TERM, after the grace KILL. Removes the secrets. False when something outlived KILL for 10 s.
bool stop_job(const Job& job, int64_t grace_ms);

}  // namespace stoker::runner
