// The remote log on its way into the store: bytes masked, lines parsed, cursor moved, all in one transaction a batch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/jobs/job_run.h"
#include "core/training_log/mask.h"

namespace stoker::jobs {

// The bytes of the log at [0, job.log_bytes) lie in <job>/log, written before the cursor moves; what lies beyond is not
// ours yet and is written again. One thread.
class LogIngest {
 public:
  LogIngest(JobRun& run, std::string_view phase);
  ~LogIngest();
  LogIngest(const LogIngest&) = delete;
  LogIngest& operator=(const LogIngest&) = delete;

  // Bytes from `offset` on; stores all complete lines.
  void add(int64_t offset, std::string_view bytes);
  void gap(int64_t from, int64_t to);
  // Stores also a line that has no end yet.
  void flush();
  // Stores everything: nothing more will come in this phase.
  void finish();
  // Forgets what is not stored: it will come again from job.log_bytes.
  void rewind();

 private:
  void store(size_t bytes, bool final);

  JobRun& run_;
  std::string phase_;
  int fd_ = -1;
  training_log::Mask mask_;
  std::string pending_;  // from job.log_bytes on, not masked
};

struct TrainingEnd {
  std::string diagnosis, hint;  // of the error that ended the training; empty when the log tells none
};

// Tells the parser that the log has ended and stores what it concludes. Once a job; safe to repeat.
TrainingEnd finish_parsing(JobRun& run);

}  // namespace stoker::jobs
