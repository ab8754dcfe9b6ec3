#include "core/remote/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"

namespace stoker::remote {
namespace {

constexpr int64_t kSpareBytes = 64 << 20;  // left free for the store

// The machine says how large its files are, and may fill the disk on which the rentals are written down.
void require_room(int fd, int64_t size, const std::string& part) {
  struct statvfs disk{};
  if (::fstatvfs(fd, &disk) != 0) throw system_error("looking at the disk of " + part, errno);
  const auto free_bytes = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  if (size > free_bytes - kSpareBytes)
    throw Error(Fault::unavailable, "the disk has no room for the " + std::to_string(size) + " bytes of " + part,
                "free space on that disk, then try again");
}

}  // namespace

PartFile::PartFile(std::filesystem::path local, int64_t size) : local_(std::move(local)), size_(size) {
  file_ = Descriptor(::open(part().c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!file_) throw system_error("opening " + part(), errno);
  struct stat info{};
  if (::fstat(file_.get(), &info) != 0) throw system_error("opening " + part(), errno);
  if (!S_ISREG(info.st_mode)) throw Error(Fault::conflict, part() + " is no regular file");
  if (info.st_size > size_)
    discard();
  else
    written_ = add_file(digest_, file_.get(), info.st_size, part());
  require_room(file_.get(), size_ - written_, part());
}

bool PartFile::append(std::string_view bytes) {
  if (static_cast<int64_t>(bytes.size()) > size_ - written_) return false;
  digest_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), written_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("writing " + part(), errno);
    written_ += count;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool PartFile::publish(const std::string& xxh3) {
  if (written_ != size_) return false;
  if (digest_.hex() != xxh3) return discard(), false;
  if (::fsync(file_.get()) != 0) throw system_error("writing " + part(), errno);
  if (::rename(part().c_str(), local_.c_str()) != 0) throw system_error("renaming " + part(), errno);
  const std::filesystem::path folder = local_.has_parent_path() ? local_.parent_path() : ".";
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) throw system_error("writing " + folder.string(), errno);
  return true;
}

void PartFile::discard() {
  if (::ftruncate(file_.get(), 0) != 0) throw system_error("truncating " + part(), errno);
  written_ = 0;
  digest_ = Digest();
}

}  // namespace stoker::remote
