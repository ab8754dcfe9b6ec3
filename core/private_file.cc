#include "core/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"

namespace stoker {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) throw system_error("can not sync folder " + folder.string(), errno);
}

}  // namespace

void require_private(const std::filesystem::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) throw system_error("can not look at " + path.string(), errno);
  if (info.st_uid != ::geteuid())
    throw Error(Fault::forbidden, path.string() + " belongs to another user",
                "chown it to yourself or choose another place");
  if ((info.st_mode & 077) != 0) {
    const char* mode = S_ISDIR(info.st_mode) ? "700" : "600";
    throw Error(Fault::forbidden, path.string() + " can be read or written by other users",
                std::string("run: chmod ") + mode + " " + path.string());
  }
}

void ensure_private_folder(const std::filesystem::path& folder) {
  struct stat info{};
  if (::lstat(folder.c_str(), &info) == 0) {
    if (!S_ISDIR(info.st_mode)) throw Error(Fault::invalid, folder.string() + " is not a folder");
    return require_private(folder);
  }
  if (folder.has_parent_path() && !std::filesystem::exists(folder.parent_path()))
    ensure_private_folder(folder.parent_path());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw system_error("can not make folder " + folder.string(), errno);
}

void write_private_file(const std::filesystem::path& path, std::string_view content) {
  std::string temp = path.string() + ".XXXXXX";
  const Descriptor fd(::mkostemp(temp.data(), O_CLOEXEC));
  if (fd.get() < 0) throw system_error("can not write " + path.string(), errno);
  const auto fail = [&] {
    const int cause = errno;
    ::unlink(temp.c_str());
    return system_error("can not write " + path.string(), cause);
  };
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw fail();
    content.remove_prefix(static_cast<size_t>(n));
  }
  if (::fsync(fd.get()) != 0 || ::rename(temp.c_str(), path.c_str()) != 0) throw fail();
  sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

std::string read_file(const std::filesystem::path& path, size_t max_bytes) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) throw system_error("can not read " + path.string(), errno);
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw system_error("can not read " + path.string(), errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > max_bytes)
      throw Error(Fault::invalid, path.string() + " is larger than " + std::to_string(max_bytes) + " bytes");
  }
}

}  // namespace stoker
