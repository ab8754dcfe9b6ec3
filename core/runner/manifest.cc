#include "core/runner/manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/runner/beneath.h"
#include "core/runner/digest.h"
#include "core/runner/failure.h"
#include "core/runner/glob.h"
#include "core/runner/protocol.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::runner {
namespace {

constexpr size_t kSendChunk = 256 * 1024;

// Lists the regular files beneath a folder. Symlinks, sockets and the like are not files of ours.
class Walk {
 public:
  explicit Walk(std::function<void(const std::string&)> found) : found_(std::move(found)) {}

  void folder(Descriptor opened, const std::string& prefix, size_t depth) {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(::dup(opened.get())), ::closedir);
    if (!entries) return void(++refused);
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") visit(opened.get(), name, prefix + name, depth);
    }
  }

  size_t refused = 0;

 private:
  void visit(int parent, const std::string& name, const std::string& path, size_t depth) {
    struct stat info{};
    if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISREG(info.st_mode)) return found_(path);
    if (!S_ISDIR(info.st_mode)) return;
    Descriptor below = open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!below || depth == kPathMaxDepth) return void(++refused);
    folder(std::move(below), path + '/', depth + 1);
  }

  std::function<void(const std::string&)> found_;
};

Descriptor open_folder(const Job& job, const char* name) {
  return open_at(job.dir.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// The file behind a name of the manifest. What a training wrote to "artifacts" in its working directory counts as
// artifacts too, where artifacts/ itself has no such file.
Descriptor open_named(const Job& job, const std::string& path) {
  if (path.rfind("artifacts/", 0) == 0)
    if (Descriptor file = Beneath(job.dir.get()).open(path, O_RDONLY | O_NONBLOCK)) return file;
  return Beneath(job.dir.get()).open("work/" + path, O_RDONLY | O_NONBLOCK);
}

bool describe(const Job& job, const std::string& path, std::string& line) {
  const Descriptor file = open_named(job, path);
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  Digest digest;
  const uint64_t size = add_file(digest, file.get(), static_cast<uint64_t>(info.st_size), path.c_str());
  JsonWriter json;
  json.begin_object().member("path", path).member("size", static_cast<int64_t>(size));
  json.member("mtime_ms", int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1000000);
  line = json.member("xxh3", hex(digest.value())).end_object().str();
  return true;
}

}  // namespace

void write_manifest(const Job& job, const std::vector<std::string>& patterns,
                    const std::function<void(const std::string&)>& line) {
  std::set<std::string> paths;
  size_t refused = 0;
  const auto add = [&](const std::string& path) {
    if (unsafe_reason(path) != nullptr || unsafe_reason("work/" + path) != nullptr || !paths.insert(path).second)
      ++refused;
  };
  Walk artifacts(add);
  if (Descriptor folder = open_folder(job, "artifacts")) artifacts.folder(std::move(folder), "artifacts/", 2);
  Walk work([&](const std::string& path) {
    const auto chosen = [&](const std::string& pattern) { return glob_matches(pattern, path); };
    if (std::any_of(patterns.begin(), patterns.end(), chosen)) add(path);
  });
  if (!patterns.empty())
    if (Descriptor folder = open_folder(job, "work")) work.folder(std::move(folder), "", 1);
  refused += artifacts.refused + work.refused;
  size_t files = 0;
  std::string text;
  for (const auto& path : paths) {
    if (describe(job, path, text)) {
      line(text);
      ++files;
    } else {
      ++refused;
    }
  }
  JsonWriter json;
  json.begin_object().member("files", static_cast<int64_t>(files)).member("refused", static_cast<int64_t>(refused));
  line(json.end_object().str());
}

void send_file(const Job& job, const std::string& path, int64_t from, int output) {
  require_safe(path);
  const Descriptor file = open_named(job, path);
  if (!file && (errno == ELOOP || errno == ENOTDIR))
    throw Failure(kExitUnsafePath, "refused path through a symlink or a file: \"" + path + "\"");
  if (!file) throw system_failure("open " + path);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    throw Failure(kExitUnsafePath, path + " is not a regular file");
  if (from > info.st_size || ::lseek(file.get(), from, SEEK_SET) < 0)
    throw Failure(kExitFailed, path + " has " + std::to_string(info.st_size) + " bytes, not " + std::to_string(from));
  std::string buffer(kSendChunk, '\0');
  for (int64_t left = info.st_size - from; left > 0;) {
    const size_t want = static_cast<size_t>(std::min<int64_t>(left, kSendChunk));
    const size_t got = read_some(file.get(), buffer.data(), want, path.c_str());
    if (got == 0) return;
    write_all(output, {buffer.data(), got}, "standard output");
    left -= static_cast<int64_t>(got);
  }
}

}  // namespace stoker::runner
