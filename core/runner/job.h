// The folder of one attempt of a job.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/runner/file.h"
#include "core/runner/spec.h"

namespace stoker::runner {

constexpr const char* kPhases[] = {"setup", "train"};

struct Job {
  std::string folder;  // absolute, symlinks resolved
  Descriptor dir;

  // Throws when there is no such folder, or it is not ours.
  [[nodiscard]] static Job open(const std::string& path);
  // Nothing when there is no spec.json.
  [[nodiscard]] std::optional<Spec> spec() const;
  [[nodiscard]] int64_t log_size() const;

  // NAME=VALUE entries that every process of the job inherits; together they belong to this folder only.
  [[nodiscard]] std::vector<std::string> marks(const Spec& spec) const;
};

}  // namespace stoker::runner
