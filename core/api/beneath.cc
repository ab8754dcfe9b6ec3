#include "core/api/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "core/error.h"
#include "core/utf8.h"

namespace stoker::api {

OpenFile open_beneath(const std::filesystem::path& folder, const std::string& path) {
  const Error absent(Fault::not_found, "there is no file " + to_utf8(path));
  if (path.find('\0') != std::string::npos) throw absent;
  const Descriptor base(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base) throw absent;
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  OpenFile file;
  file.fd = Descriptor(static_cast<int>(::syscall(SYS_openat2, base.get(), path.c_str(), &how, sizeof how)));
  if (!file.fd) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EXDEV || errno == ENAMETOOLONG) throw absent;
    throw system_error("can not open " + to_utf8(path), errno);
  }
  struct stat info{};
  if (::fstat(file.fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) throw absent;
  file.size = info.st_size;
  return file;
}

}  // namespace stoker::api
