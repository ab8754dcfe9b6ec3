// The stages, one file each. A stage does its work, safe to be entered again at any point of it, and commits the next
// state.
#pragma once

#include "core/jobs/job_run.h"

namespace stoker::jobs {

void provision(JobRun& run);  // queued, provisioning -> connecting
void connect(JobRun& run);    // connecting -> staging
void stage(JobRun& run);      // staging -> setup
void setup(JobRun& run);      // setup -> running
void train(JobRun& run);      // running -> collecting, outcome fixed
void collect(JobRun& run);    // collecting -> releasing
void release(JobRun& run);    // releasing -> succeeded, failed, cancelled

}  // namespace stoker::jobs
