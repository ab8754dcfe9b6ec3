// The remote log on its way into the store: bytes masked, lines parsed, cursor moved, all in one transaction a batch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/jobs/job_run.h"
#include "core/training_log/mask.h"
#include "core/training_log/reader.h"

namespace stoker::jobs {

// The bytes of the log at [0, job.log_bytes) lie in <job>/log, written before the cursor moves; what lies beyond is not
// ours yet and is written again. Batches are not synced to the disk one by one: the death of the agent loses nothing,
// and after a power cut the file is fetched again from its start, without events. One thread.
class LogIngest {
 public:
  LogIngest(JobRun& run, std::string_view phase);
  ~LogIngest();
  LogIngest(const LogIngest&) = delete;
  LogIngest& operator=(const LogIngest&) = delete;

  // Where to read the log from: job.log_bytes, or 0 after a power cut. Forgets what is not stored: it will come again.
  int64_t begin();
  // Bytes from `offset` on; stores all complete lines.
  void add(int64_t offset, std::string_view bytes);
  void gap(int64_t from, int64_t to);
  // Stores also a line that has no end yet.
  void flush();
  // Stores everything: nothing more will come in this phase.
  void finish();

 private:
  void restore(bool final);
  void store(size_t bytes, bool final);
  std::vector<training_log::Event> parse(std::string_view chunk, store::JobRow& after);
  std::vector<training_log::Event> read(std::string_view chunk, store::JobRow& after);

  JobRun& run_;
  std::string phase_;
  int fd_ = -1;
  training_log::Mask mask_;
  std::unique_ptr<training_log::Reader> reader_;
  int64_t next_choice_ = 0;  // the size of the log that is worth another look for its parser
  bool unread_ = false;      // its parser failed
  bool restoring_ = false;
  int64_t restored_ = 0;  // while restoring: the file is right up to here
  std::string pending_;   // from restored_ or job.log_bytes on, not masked
};

struct TrainingEnd {
  std::string diagnosis, hint;  // of the error that ended the training; empty when the log tells none
};

// Tells the parser that the log has ended and stores what it and the diagnosis conclude. `succeeded`: the program did.
// Safe to repeat.
TrainingEnd finish_parsing(JobRun& run, bool succeeded);

}  // namespace stoker::jobs
