// spec.json: what a job runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::runner {

constexpr size_t kSpecMaxBytes = 4 << 20;

struct Spec {
  std::string job;
  int64_t attempt = 0;
  std::map<std::string, std::string> commands;  // by phase: setup, train
  std::vector<std::pair<std::string, std::string>> env;
};

// Throws Failure that names the member to blame.
[[nodiscard]] Spec parse_spec(std::string_view text);

// A name that a shell can read back: letters, digits, underscores, no digit first.
[[nodiscard]] bool is_variable_name(std::string_view name);

}  // namespace stoker::runner
