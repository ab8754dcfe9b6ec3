// How far a training is, as the newest of its job's events tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/store/database.h"

namespace stoker::api::openai {

struct TrainingFacts {
  std::optional<int64_t> step, total_steps;
  std::optional<double> epoch, percent, train_loss;
  std::optional<int64_t> end_ms;  // when it is likely to end, since 1970
  std::string diagnosis;          // kind of the newest that ends a training; empty: none
};

[[nodiscard]] TrainingFacts facts_of(store::Connection& connection, const std::string& job_id);

}  // namespace stoker::api::openai
