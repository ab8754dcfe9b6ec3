// The parser of a job's log: chosen once, and brought to where an earlier agent left off.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/jobs/job_run.h"
#include "core/training_log/reader.h"

namespace stoker::jobs {

// Decides job.parser and job.parser_score where they are not decided: by the spec, or for `auto` by the newest bytes of
// the log, stored and in `chunk`. Leaves them empty while no parser knows the format.
void choose_parser(const JobRun& run, int log_fd, std::string_view chunk, store::JobRow& job);

// A reader that has read the stored log, with the events stored already left out; nullptr while job.parser is not
// decided and for a job that wants none. Where job.parser is "none" because no parser knew the log, it only makes the
// diagnosis. Events of stored bytes that are not stored yet (the parser was chosen after they came) are put into
// `late`.
std::unique_ptr<training_log::Reader> open_reader(const JobRun& run, int log_fd, const store::JobRow& job,
                                                  std::vector<training_log::Event>& late);

}  // namespace stoker::jobs
