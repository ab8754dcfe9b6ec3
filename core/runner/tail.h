// Sends the log of a job as it grows.
#pragma once

#include <cstdint>
#include <string>

#include "core/runner/job.h"
#include "core/runner/protocol.h"

namespace stoker::runner {

struct TailOptions {
  std::string phase;
  int64_t from = 0;
  bool follow = false;
  int input = 0, output = 1;
  int64_t beat_ms = kTailBeatMs;
};

// Returns when all was sent, or the reader is gone.
void tail_log(const Job& job, const TailOptions& options);

}  // namespace stoker::runner
