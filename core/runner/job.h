// The folder of one attempt of a job.
#pragma once

#include <optional>
#include <string>

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

  // NAME=VALUE: every process of the job inherits it, and no other process has it.
  [[nodiscard]] std::string mark() const { return "STOKER_JOB_FOLDER=" + folder; }
};

}  // namespace stoker::runner
