// Secrets of a job between the agent and the training's environment: in memory only, never in the job folder or in
// argv.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/runner/job.h"

namespace stoker::runner {

constexpr size_t kSecretsMaxBytes = 1 << 20;

// NAME=VALUE entries, each ended by NUL. Throws Failure naming the entry by its number, never by its text.
[[nodiscard]] std::vector<std::string> parse_secrets(std::string_view bytes);

// Replaces what was stored before. Stores nothing once train was started: nobody would read it. Returns how many.
size_t store_secrets(const Job& job, std::string_view bytes);
// Empty when none were stored; throws when they were but are gone.
[[nodiscard]] std::vector<std::string> load_secrets(const Job& job);
void remove_secrets(const Job& job);

}  // namespace stoker::runner
