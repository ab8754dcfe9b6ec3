// How a machine is logged in to: the keys of the attempt it was made for, whichever job has it now.
#pragma once

#include <string>

#include "core/jobs/pipeline.h"
#include "core/remote/session.h"
#include "core/store/instances.h"

namespace stoker::jobs {

// "job/<job>/<kind>/<attempt>": where the vault has a key of an attempt.
[[nodiscard]] std::string key_name(const std::string& job_id, const char* kind, int attempt);

// `private_key` is the provider's, where it has one of its own. Throws internal when there is no key.
[[nodiscard]] remote::Target login_target(const PipelineContext& ctx, const store::InstanceRow& machine,
                                          const std::string& private_key);

// Asks the provider where the machine is and for its key. Throws conflict when it does not run.
[[nodiscard]] remote::Target find_login(const PipelineContext& ctx, const store::InstanceRow& machine,
                                        const Wait& wait);

// Erases a job's secrets and keys once nothing needs them: it has ended, and the machines made for it are gone.
void erase_unneeded_keys(const PipelineContext& ctx, const std::string& job_id);

}  // namespace stoker::jobs
