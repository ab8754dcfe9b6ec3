// What a job would cost, before it is submitted: offers asked now, hours from earlier runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/fleet/estimate.h"
#include "core/jobs/needs.h"
#include "core/jobs/pipeline.h"
#include "core/jobs/spec.h"
#include "core/jobs/training_size.h"

namespace stoker::jobs {

struct JobEstimate {
  fleet::Estimate cost;
  fleet::AccountOffer offer;                  // the one that would be tried first
  size_t offers = 0;                          // how many fit
  std::vector<std::string> rests_on;          // sentences for people
  std::vector<fleet::OfferFailure> failures;  // accounts that could not be asked
  std::optional<TrainingSize> training;       // of a templated job, where its data set could be counted
  std::vector<TooSmall> too_small;            // offers that fit but for the memory of their GPUs
};

// `hours`: how long the caller thinks it takes; else what earlier jobs of the same owner took, those of the same name
// or, step by step, of the same template. Throws no_capacity with the nearest offers when nothing fits, unsupported
// when no account is there to ask.
[[nodiscard]] JobEstimate estimate_job(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner,
                                       bool admin, std::optional<double> hours, const Wait& wait);

}  // namespace stoker::jobs
