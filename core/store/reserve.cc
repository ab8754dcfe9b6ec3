#include "core/store/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace stoker::store {
namespace {

// Taking the last free blocks would cause the very failure that the reserve is for.
constexpr int64_t kRoomNeeded = 3 * Reserve::kBytes;

bool has_room(const std::filesystem::path& folder) {
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return false;
  return info.f_bavail >= static_cast<fsblkcnt_t>(kRoomNeeded) / info.f_frsize;
}

}  // namespace

void Reserve::take() noexcept {
  if (held_) return;
  const std::filesystem::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
  if (::access(file_.c_str(), F_OK) != 0 && !has_room(folder)) return;
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return;
  struct stat info{};
  bool held = ::fstat(fd, &info) == 0 && info.st_size == kBytes && info.st_blocks * 512 >= kBytes;
  if (!held) held = has_room(folder) && ::posix_fallocate(fd, 0, kBytes) == 0;
  if (!held) ::unlink(file_.c_str());
  ::close(fd);
  held_ = held;
}

bool Reserve::spend() noexcept {
  held_ = false;
  return ::unlink(file_.c_str()) == 0;
}

}  // namespace stoker::store
