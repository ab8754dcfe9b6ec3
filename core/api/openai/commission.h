// What a client asked for, made into a job of ours: a template, its parameters, and the inputs.
#pragma once

#include <string>
#include <vector>

#include "core/api/context.h"
#include "core/api/openai/fine_tune.h"
#include "core/api/request.h"
#include "core/templates/catalogue.h"

namespace stoker::api::openai {

struct Commission {
  FineTune fine_tune;  // with what became of it
  std::string spec;    // of the job, JSON
};

// Throws Refused for what can not be done, with the field of the request.
[[nodiscard]] Commission commission(const ServerContext& context, const Caller& caller, FineTune asked);

// Models that can be trained here, by the names that `model` takes.
[[nodiscard]] std::vector<std::string> base_models(const templates::Catalogue& catalogue);

}  // namespace stoker::api::openai
