// What became of a job, for a person.
#pragma once

#include <filesystem>
#include <ostream>

#include "core/cli/json_reader.h"

namespace stoker::cli {

// Outcome or state, reason, hint, cost, and where the artifacts are.
void print_job_summary(const Json& job, const std::filesystem::path& state_dir, std::ostream& out);

}  // namespace stoker::cli
