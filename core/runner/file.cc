#include "core/runner/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runner/failure.h"
#include "core/runner/protocol.h"

namespace stoker::runner {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure("pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Descriptor open_at(int dir, const std::string& name, int flags, mode_t mode) {
  int fd;
  do fd = ::openat(dir, name.c_str(), flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

size_t read_some(int fd, char* to, size_t size, const char* what) {
  for (;;) {
    const ssize_t got = ::read(fd, to, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) throw system_failure(std::string("read ") + what);
  }
}

void write_all(int fd, std::string_view bytes, const char* what) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw system_failure(std::string("write ") + what);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

std::string read_rest(int fd, size_t max_bytes, const char* what) {
  std::string content;
  char buffer[16384];
  while (const size_t got = read_some(fd, buffer, sizeof buffer, what)) {
    content.append(buffer, got);
    if (content.size() > max_bytes)
      throw Failure(kExitFailed, std::string(what) + " is longer than " + std::to_string(max_bytes) + " bytes");
  }
  return content;
}

std::optional<std::string> read_file(int dir, const std::string& name, size_t max_bytes) {
  // O_NONBLOCK: a FIFO under this name must not hang us.
  const Descriptor file = open_at(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw system_failure("open " + name);
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) throw system_failure("stat " + name);
  if (!S_ISREG(info.st_mode)) throw Failure(kExitFailed, name + " is not a regular file");
  return read_rest(file.get(), max_bytes, name.c_str());
}

void publish(int dir, int fd, const std::string& temp, const std::string& name) {
  if (::fsync(fd) != 0) throw system_failure("fsync " + temp);
  if (::renameat(dir, temp.c_str(), dir, name.c_str()) != 0) throw system_failure("rename " + temp);
  if (::fsync(dir) != 0) throw system_failure("fsync the folder of " + name);
}

void write_durable(int dir, const std::string& name, std::string_view content) {
  const std::string temp = name + ".new";
  const Descriptor file = open_at(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) throw system_failure("create " + temp);
  write_all(file.get(), content, temp.c_str());
  publish(dir, file.get(), temp, name);
}

bool exists(int dir, const std::string& name) { return ::faccessat(dir, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

Descriptor hold_lock(int dir, const std::string& name) {
  Descriptor file = open_at(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!file) throw system_failure("open " + name);
  while (::flock(file.get(), LOCK_EX) != 0)
    if (errno != EINTR) throw system_failure("lock " + name);
  return file;
}

bool is_lock_held(int dir, const std::string& name) {
  const Descriptor file = open_at(dir, name, O_RDONLY | O_NOFOLLOW);
  if (!file) {
    if (errno == ENOENT) return false;
    throw system_failure("open " + name);
  }
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno != EWOULDBLOCK) throw system_failure("lock " + name);
  return true;
}

}  // namespace stoker::runner
