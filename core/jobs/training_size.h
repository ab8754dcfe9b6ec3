// How much a templated job will train, told from its data set, and how long that took others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/fleet/estimate.h"
#include "core/jobs/pipeline.h"
#include "core/jobs/spec.h"

namespace stoker::jobs {

struct TrainingSize {
  int64_t examples = 0, tokens = 0;       // of the data set; tokens: about, see templates::count_tokens
  int64_t steps = 0, trained_tokens = 0;  // over all epochs
};

// Reads the whole data set, 10 s at most; nothing when that does not suffice. The inputs have been checked. Throws
// Error{invalid} with the input's field for a data set that is none.
[[nodiscard]] std::optional<TrainingSize> measure_training(const PipelineContext& ctx, const JobSpec& spec,
                                                           const Wait& wait);

struct StepHistory {
  std::optional<fleet::Range> hours;  // nothing: no such job is known
  double fastest_s = 0, slowest_s = 0;
  size_t jobs = 0;
  std::string machines;  // "gpu_1x_h100_pcie, gpu_1x_a10"
};

// From earlier jobs of the owner with the same template, model and method that went well: what they took around their
// steps, and `steps` times what a step took.
[[nodiscard]] StepHistory hours_of_steps(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner,
                                         int64_t steps);

}  // namespace stoker::jobs
