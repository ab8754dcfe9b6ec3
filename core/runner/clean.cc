#include "core/runner/clean.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/runner/failure.h"
#include "core/runner/protocol.h"
#include "core/runner/stop.h"
#include "core/runner/watchdog.h"

namespace stoker::runner {
namespace {

constexpr int64_t kGraceMs = 2000;

// Package caches are often read-only; a folder of ours can be opened up again.
void make_writable(const std::filesystem::path& folder) {
  ::chmod(folder.c_str(), 0700);
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, error); !error && entry != decltype(entry)();
       entry.increment(error))
    if (entry->is_directory(error) && !entry->is_symlink(error)) ::chmod(entry->path().c_str(), 0700);
}

}  // namespace

void clean_job(const Job& job) {
  const std::filesystem::path folder = job.folder;
  if (folder.parent_path().filename() != "jobs")
    throw Failure(kExitFailed, "clean: " + job.folder + " is not a folder in jobs/");
  if (!stop_job(job, kGraceMs)) throw Failure(kExitFailed, "clean: processes of " + job.folder + " outlive SIGKILL");
  disarm_watchdog(job);
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) {
    make_writable(folder);
    std::filesystem::remove_all(folder, error);
  }
  if (error) throw system_failure("remove " + job.folder, error.value());
}

}  // namespace stoker::runner
