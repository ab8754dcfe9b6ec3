#include "core/runner/job.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/runner/failure.h"
#include "core/runner/protocol.h"

namespace stoker::runner {

Job Job::open(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) throw system_failure("job folder " + path);
  Job job;
  job.folder = real;
  std::free(real);
  job.dir = open_at(AT_FDCWD, job.folder, O_RDONLY | O_DIRECTORY);
  if (!job.dir) throw system_failure("open job folder " + job.folder);
  struct stat info{};
  if (::fstat(job.dir.get(), &info) != 0) throw system_failure("stat job folder " + job.folder);
  if (info.st_uid != ::geteuid()) throw Failure(kExitFailed, "job folder " + job.folder + " belongs to another user");
  return job;
}

std::optional<Spec> Job::spec() const {
  const auto text = read_file(dir.get(), "spec.json", kSpecMaxBytes);
  if (!text) return std::nullopt;
  return parse_spec(*text);
}

int64_t Job::log_size() const {
  struct stat info{};
  return ::fstatat(dir.get(), "log", &info, AT_SYMLINK_NOFOLLOW) == 0 ? info.st_size : 0;
}

}  // namespace stoker::runner
