// What `x_stoker` of a request and `openai.job` of the configuration may give of a job spec.
#pragma once

#include <string>
#include <vector>

namespace stoker::api::openai {

inline const std::vector<std::string> kJobMembers = {"template", "params",      "provider", "resources", "limits",
                                                     "after",    "checkpoints", "env",      "secrets"};

}  // namespace stoker::api::openai
