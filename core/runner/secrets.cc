#include "core/runner/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>

#include "core/runner/failure.h"
#include "core/runner/protocol.h"

namespace stoker::runner {
namespace {

constexpr const char* kPrefix = "/stoker-secrets-";

bool is_in_memory(const std::string& folder) {
  constexpr decltype(statfs::f_type) kTmpfs = 0x01021994, kRamfs = 0x858458f6;
  struct statfs info{};
  return ::statfs(folder.c_str(), &info) == 0 && (info.f_type == kTmpfs || info.f_type == kRamfs);
}

std::vector<std::string> candidate_folders() {
  std::vector<std::string> folders{"/dev/shm"};
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && runtime[0] == '/')
    folders.emplace_back(runtime);
  return folders;
}

// The path in JOBDIR/secrets, or empty. The training may have written that file: only names that we could have made
// count.
std::string stored_path(const Job& job) {
  const auto path = read_file(job.dir.get(), "secrets", 4096);
  if (!path) return {};
  const size_t slash = path->rfind('/');
  const bool ours = slash != std::string::npos &&
                    path->compare(slash, std::char_traits<char>::length(kPrefix), kPrefix) == 0 &&
                    is_in_memory(path->substr(0, slash));
  return ours ? *path : std::string();
}

}  // namespace

std::vector<std::string> parse_secrets(std::string_view bytes) {
  std::vector<std::string> entries;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\0');
    const std::string_view entry = bytes.substr(0, end);
    const std::string number = std::to_string(entries.size() + 1);
    if (end == std::string_view::npos) throw Failure(kExitUsage, "secret " + number + " is not ended by NUL");
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos || !is_variable_name(entry.substr(0, equals)))
      throw Failure(kExitUsage, "secret " + number + " is not NAME=VALUE");
    entries.emplace_back(entry);
    bytes.remove_prefix(end + 1);
  }
  return entries;
}

size_t store_secrets(const Job& job, std::string_view bytes) {
  const size_t count = parse_secrets(bytes).size();
  remove_secrets(job);
  if (count == 0 || exists(job.dir.get(), "train.started")) return 0;
  for (const auto& folder : candidate_folders()) {
    if (!is_in_memory(folder)) continue;
    std::string path = folder + kPrefix + "XXXXXX";
    const Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) continue;
    try {
      // The path first: a file that nobody can name again would stay for ever.
      write_durable(job.dir.get(), "secrets", path);
      write_all(file.get(), bytes, "secrets");
    } catch (...) {
      ::unlink(path.c_str());
      throw;
    }
    return count;
  }
  throw Failure(kExitFailed, "no folder in memory for secrets: /dev/shm and $XDG_RUNTIME_DIR are not a writable tmpfs");
}

std::vector<std::string> load_secrets(const Job& job) {
  const std::string path = stored_path(job);
  if (path.empty()) return {};
  const auto bytes = read_file(AT_FDCWD, path, kSecretsMaxBytes);
  if (!bytes) throw Failure(kExitFailed, "the secrets are gone: the machine removed " + path + "; store them again");
  return parse_secrets(*bytes);
}

void remove_secrets(const Job& job) {
  const std::string path = stored_path(job);
  if (!path.empty()) ::unlink(path.c_str());
  ::unlinkat(job.dir.get(), "secrets", 0);
}

}  // namespace stoker::runner
