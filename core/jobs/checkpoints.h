// The checkpoints of a training coming home while it goes on: whole ones, the newest of them.
//
// A checkpoint is a file or folder that `checkpoints.path` matches. It is whole
//   - once a newer one is there, or the log's parser said that it is written: trainers write one after the other;
//   - else once none of its files changed for a while: 2 s where it has a trainer_state.json, which is written late,
//     10 s where it has none.
// Of one that changed or was removed while it was fetched nothing is kept. When a newer one is whole at home, those
// beyond the newest `checkpoints.keep` are removed here; what is on the machine is the training's. What `outputs` names
// comes home at the end in any case.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/jobs/job_run.h"

namespace stoker::jobs {

struct CheckpointFiles {
  std::string path;                          // of the file or folder, as the pattern matches it
  std::vector<remote::ManifestEntry> files;  // all of it, by path
};

// What of a path the pattern matches: "out/checkpoint-5" of "out/checkpoint-5/model.bin" for "out/checkpoint-*". Empty
// when nothing does. `*` and `?` stay within a name, `**` is folders at any depth.
[[nodiscard]] std::string checkpoint_of(std::string_view pattern, std::string_view path);

// By checkpoint, oldest first: by the number at the end of the name where both have one, else by when they changed.
[[nodiscard]] std::vector<CheckpointFiles> checkpoints_in(std::string_view pattern,
                                                          const std::vector<remote::ManifestEntry>& entries);

// What goes on while checkpoints come home. Both may throw, and that ends it.
struct Meanwhile {
  std::function<void(remote::RunnerClient&)> arriving;  // for each piece of a file that came
  std::function<void()> waiting;                        // each second in which nothing came
};

// Brings home what is whole, newest first, and tells each with a `checkpoint` event once all of it is there. `ended`:
// the training writes no more: if it went well all are whole, and what can not be fetched is an error; else it comes
// the next time.
void fetch_checkpoints(JobRun& run, bool ended, int64_t patience_ms, const Meanwhile& meanwhile);

}  // namespace stoker::jobs
