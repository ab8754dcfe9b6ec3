// File descriptors and small files that are whole or absent.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stoker::runner {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }
  void reset();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};
[[nodiscard]] Pipe make_pipe();

// CLOEXEC is added. Empty with errno set when it fails.
[[nodiscard]] Descriptor open_at(int dir, const std::string& name, int flags, mode_t mode = 0600);

// 0 at the end. Throws Failure naming `what`.
[[nodiscard]] size_t read_some(int fd, char* to, size_t size, const char* what);
void write_all(int fd, std::string_view bytes, const char* what);
// The rest of a descriptor; throws when it is longer than `max_bytes`.
[[nodiscard]] std::string read_rest(int fd, size_t max_bytes, const char* what);

// Nothing when the file is absent; throws when it is no regular file or longer than `max_bytes`. Symlinks are not
// followed.
[[nodiscard]] std::optional<std::string> read_file(int dir, const std::string& name, size_t max_bytes = 64 << 10);
// Temp name, fsync, rename, fsync of the folder.
void write_durable(int dir, const std::string& name, std::string_view content);
// The second half of write_durable, for a temp file that was made before.
void publish(int dir, int fd, const std::string& temp, const std::string& name);

[[nodiscard]] bool exists(int dir, const std::string& name);

// flock. `hold` waits for the lock and returns its owner; `is_held` says whether another process holds it.
[[nodiscard]] Descriptor hold_lock(int dir, const std::string& name);
[[nodiscard]] bool is_lock_held(int dir, const std::string& name);

}  // namespace stoker::runner
