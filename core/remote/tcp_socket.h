// Waiting on one socket with a deadline and a cancel token, and the TCP connection itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "core/clock.h"

namespace stoker::remote {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Poll that ends early once its `Wait` is cancelled. For one operation, on one thread.
class Poller {
 public:
  Poller(const Clock& clock, const Wait& wait);

  // Until one of `events` (of poll(2)), an error of the file, or `max_ms` passed. Throws cancelled or deadline naming
  // `doing`.
  void wait(int fd, short events, int64_t max_ms, const std::string& doing);
  void check(const std::string& doing) const;
  [[nodiscard]] int64_t now_ms() const { return clock_.mono_ms(); }

 private:
  const Clock& clock_;
  const Wait wait_;
  Descriptor wakeup_;  // an eventfd; must outlive the callback
  std::stop_callback<std::function<void()>> on_cancel_;
};

// A connected, non-blocking socket with TCP_NODELAY, whose death shows within 30 s. Throws unavailable saying why not.
[[nodiscard]] Descriptor connect_tcp(const std::string& host, uint16_t port, const Clock& clock, const Wait& wait);

}  // namespace stoker::remote
