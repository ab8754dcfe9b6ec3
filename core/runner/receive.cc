#include "core/runner/receive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runner/digest.h"
#include "core/runner/failure.h"
#include "core/runner/protocol.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::runner {
namespace {

// Smaller files go to the disk together at the end: one by one, 2,000 of them cost as many waits for the disk.
constexpr uint64_t kSyncedAtOnce = 1 << 20;

void refuse_part_name(const std::string& path) {
  if (path.size() >= kPartSuffix.size() &&
      path.compare(path.size() - kPartSuffix.size(), kPartSuffix.size(), kPartSuffix) == 0)
    throw Failure(kExitUnsafePath, "refused name that ends in .part, kept for files under way: \"" + path + "\"");
}

bool is_regular(int fd, uint64_t& size) {
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  size = static_cast<uint64_t>(info.st_size);
  return true;
}

// The part file, cut to the frame's offset, its bytes so far in the digest, and positioned behind them.
Descriptor open_part(int parent, const std::string& part, const FileFrame& frame, Digest& digest) {
  Descriptor file = open_at(parent, part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
  if (!file && errno == ELOOP) throw Failure(kExitUnsafePath, "refused symlink: \"" + frame.path + ".part\"");
  if (!file) throw system_failure("create " + frame.path);
  uint64_t size = 0;
  if (!is_regular(file.get(), size))
    throw Failure(kExitUnsafePath, "refused what is no file: \"" + frame.path + ".part\"");
  if (size < frame.offset)
    throw Failure(kExitFailed, "cannot resume " + frame.path + " at " + std::to_string(frame.offset) + ": it has " +
                                   std::to_string(size) + " bytes");
  if (::ftruncate(file.get(), static_cast<off_t>(frame.offset)) != 0) throw system_failure("truncate " + frame.path);
  // A disk that is too small says so now and not after an hour; the size is left alone, it says how much has come.
  if (frame.size - frame.offset >= 1 << 20 &&
      ::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(frame.size)) != 0 &&
      (errno == ENOSPC || errno == EDQUOT))
    throw system_failure("write " + frame.path);
  if (add_file(digest, file.get(), frame.offset, frame.path.c_str()) != frame.offset)
    throw Failure(kExitFailed, "cannot resume " + frame.path + ": it shrank while it was read");
  return file;
}

void receive_file(const Beneath& root, FrameReader& frames, const FileFrame& frame) {
  refuse_part_name(frame.path);
  const Descriptor parent = root.open_parent(frame.path);
  const std::string name = name_of(frame.path), part = name + std::string(kPartSuffix);
  Digest digest;
  const Descriptor file = open_part(parent.get(), part, frame, digest);
  for (std::string_view bytes = frames.body(); !bytes.empty(); bytes = frames.body()) {
    write_all(file.get(), bytes, frame.path.c_str());
    digest.add(bytes);
  }
  if (frames.hash() != digest.value()) {
    ::unlinkat(parent.get(), part.c_str(), 0);
    throw Failure(kExitHash, "hash of " + frame.path + " does not fit");
  }
  if (::fchmod(file.get(), frame.executable ? 0700 : 0600) != 0) throw system_failure("chmod " + frame.path);
  if (frame.size >= kSyncedAtOnce && ::fsync(file.get()) != 0) throw system_failure("fsync " + frame.path);
  if (::renameat(parent.get(), part.c_str(), parent.get(), name.c_str()) != 0)
    throw system_failure("rename " + frame.path);
}

std::string describe(const Beneath& root, const std::string& path) {
  for (const bool partial : {false, true}) {
    const std::string name = partial ? path + std::string(kPartSuffix) : path;
    const Descriptor file = root.open(name, O_RDONLY | O_NONBLOCK);
    uint64_t size = 0;
    if (!file || !is_regular(file.get(), size)) continue;
    Digest digest;
    size = add_file(digest, file.get(), size, path.c_str());
    JsonWriter json;
    json.begin_object().member("path", path).member("size", static_cast<int64_t>(size));
    json.member("xxh3", hex(digest.value())).member("partial", partial);
    return json.end_object().str() + '\n';
  }
  return {};
}

}  // namespace

Received receive_files(const Beneath& root, FrameReader& frames) {
  Received received;
  while (const auto frame = frames.next()) {
    receive_file(root, frames, *frame);
    ++received.files;
    received.bytes += frame->size - frame->offset;
  }
  if (received.files > 0 && ::syncfs(root.folder()) != 0) throw system_failure("sync the files to the disk");
  return received;
}

std::string list_present(const Beneath& root, std::string_view paths) {
  std::string lines;
  while (!paths.empty()) {
    const size_t end = paths.find('\0');
    if (end == std::string_view::npos) throw Failure(kExitUsage, "have: a path is not ended by NUL");
    const std::string path(paths.substr(0, end));
    require_safe(path);
    lines += describe(root, path);
    paths.remove_prefix(end + 1);
  }
  return lines;
}

Descriptor open_root(const std::string& path) {
  if (path.empty()) throw Failure(kExitUsage, "--root is empty");
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (::mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
      throw system_failure("make " + path.substr(0, slash));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw system_failure("make " + path);
  Descriptor root = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (!root) throw system_failure("open " + path);
  return root;
}

}  // namespace stoker::runner
