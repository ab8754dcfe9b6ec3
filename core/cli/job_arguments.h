// A job as it is named on the command line: FILE, and what --set, --env and --provider change in it.
#pragma once

#include "core/cli/command.h"
#include "core/cli/job_file.h"

namespace stoker::cli {

// Not resolved yet. Throws Error{invalid} as JobFile does.
[[nodiscard]] JobFile read_job(const Arguments& arguments);
// What the agent says about a field of the job, with the line of the file it is about.
[[nodiscard]] Error placed(const Error& error, const JobFile& job);

}  // namespace stoker::cli
