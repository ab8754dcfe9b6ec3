// What became of one phase of a job, read from its files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/runner/job.h"

namespace stoker::runner {

struct PhaseStatus {
  std::string state = "absent";
  int64_t pid = 0, start_time = 0;
  std::string boot_id;
  std::optional<int64_t> code, signal;
  int64_t log_bytes = 0;  // of an ended phase; where it ended unseen, the size of the log now
  int64_t log_size = 0, ended_ms = 0;

  [[nodiscard]] bool ended() const { return state == "exited" || state == "lost" || state == "rebooted"; }
  [[nodiscard]] std::string json() const;
};

[[nodiscard]] PhaseStatus phase_status(const Job& job, const std::string& phase);

// The process groups and supervisors that the pid files name and that live, checked against start time and boot id.
struct PhaseProcesses {
  int64_t leader = 0, supervisor = 0;  // 0: none lives
};
[[nodiscard]] PhaseProcesses phase_processes(const Job& job, const std::string& phase);

}  // namespace stoker::runner
