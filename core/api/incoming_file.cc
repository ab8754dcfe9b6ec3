#include "core/api/incoming_file.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/error.h"

namespace stoker::api {
namespace {

constexpr int64_t kSpareBytes = 64 << 20;  // left free for the store
constexpr int64_t kWindow = 8 << 20;       // what is handed to the disk at once, so that the end has little to wait for

void require_space(const std::filesystem::path& folder, int64_t size) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0)
    throw system_error("can not look at the disk of " + folder.string(), errno);
  const auto free_bytes = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  if (size > free_bytes - kSpareBytes)
    throw Error(Fault::unavailable, "the disk has no room for " + std::to_string(size) + " bytes",
                "free space on the disk of the state folder, then upload again");
}

}  // namespace

IncomingFile::IncomingFile(const std::filesystem::path& folder, const std::string& id, int64_t announced)
    : path_(folder / id), part_(folder / (id + ".part")), announced_(announced) {
  require_space(folder, std::max(announced, kWindow));
  fd_ = Descriptor(::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd_) throw system_error("can not write " + part_.string(), errno);
}

IncomingFile::~IncomingFile() {
  if (!kept_) ::unlink(part_.c_str());
}

void IncomingFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw system_error("can not write " + part_.string(), errno);
    bytes.remove_prefix(static_cast<size_t>(n));
    size_ += n;
  }
  if (size_ - begun_ < kWindow) return;
  if (announced_ < 0) require_space(part_.parent_path(), kWindow);
  (void)::sync_file_range(fd_.get(), begun_, size_ - begun_, SYNC_FILE_RANGE_WRITE);
  begun_ = size_;
}

void IncomingFile::keep() {
  if (::fsync(fd_.get()) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0)
    throw system_error("can not write " + path_.string(), errno);
  kept_ = true;
  const Descriptor folder(::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) throw system_error("can not sync " + path_.parent_path().string(), errno);
}

}  // namespace stoker::api
