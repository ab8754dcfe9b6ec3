// The files of a job on this machine.
#pragma once

#include <filesystem>
#include <string>

#include "core/jobs/pipeline.h"
#include "core/jobs/spec.h"

namespace stoker::jobs {

// Throws Error{invalid} with the field for an input that is not there, or is an upload of somebody else.
void check_inputs(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner, bool admin);

// Where it lies: a file or a folder.
[[nodiscard]] std::filesystem::path path_of(const PipelineContext& ctx, const Input& input);

}  // namespace stoker::jobs
