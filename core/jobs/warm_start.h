// A job that takes a machine which was kept, instead of a new one.
#pragma once

#include <set>
#include <string>

#include "core/jobs/job_run.h"

namespace stoker::jobs {

// True when the job has one now, as its `attempt`, and is connecting. A machine that can not be logged in to is left as
// it is, told about, and put into `out_of_reach`; of those that are in it already none is tried.
[[nodiscard]] bool take_warm_machine(JobRun& run, int attempt, std::set<std::string>& out_of_reach);

// Removes what the jobs before left on a machine that was taken over: their folders with all that runs from them, and
// their dead-man's switches. Safe to repeat.
void clean_up_after_others(JobRun& run, remote::RunnerClient& runner);

// "<job>-<attempt>" of the use, and where its model is served.
[[nodiscard]] std::string folder_of(const store::UseRow& use);
[[nodiscard]] std::string serving_folder_of(const store::UseRow& use);

}  // namespace stoker::jobs
