// One libssh2 session over one non-blocking socket, and the one loop in which everything on it waits.
#pragma once

#include <libssh2.h>

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/remote/ssh_memory.h"
#include "core/remote/tcp_socket.h"

namespace stoker::remote {

class SshTransport {
 public:
  SshTransport(Descriptor socket, std::string place);
  SshTransport(const SshTransport&) = delete;
  SshTransport& operator=(const SshTransport&) = delete;
  ~SshTransport();

  [[nodiscard]] LIBSSH2_SESSION* get() const { return session_; }
  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] const std::string& place() const { return place_; }  // "host:port"

  // How much the other side may still send before the connection is dropped; without a limit once it is who we expect.
  void limit_input(int64_t bytes) { input_left_ = bytes; }

  // Ends the connection at once, without a word to the other side: a graceful close can block on a dead network.
  void kill();
  [[nodiscard]] bool dead() const { return dead_; }
  // The network or the other side ended the connection.
  [[nodiscard]] bool cut() const { return socket_error_ != 0 || closed_by_peer_ || input_exceeded_; }

  // Waits for what libssh2 last asked for, at most `max_ms`.
  void wait(Poller& poller, int64_t max_ms, const std::string& doing) const;

  // Repeats a libssh2 call, the same one each time, until it is done; returns its code.
  template <typename Call>
  int repeat(Poller& poller, const std::string& doing, Call call) {
    for (;;) {
      const int code = call();
      if (code != LIBSSH2_ERROR_EAGAIN) return code;
      wait(poller, kMinute, doing);
    }
  }

  // What a libssh2 code that is no success means. Kills the connection.
  [[nodiscard]] Error failure(int code, const std::string& doing);

 private:
  static void* on_allocate(size_t size, void** self);
  static void* on_resize(void* memory, size_t size, void** self);
  static void on_release(void* memory, void** self);
  static ssize_t on_receive(libssh2_socket_t fd, void* to, size_t size, int flags, void** self);
  static ssize_t on_send(libssh2_socket_t fd, const void* from, size_t size, int flags, void** self);

  Descriptor socket_;
  std::string place_;
  SshMemory memory_;  // of session_
  LIBSSH2_SESSION* session_ = nullptr;
  int64_t input_left_ = INT64_MAX;
  int socket_error_ = 0;  // errno of the last receive or send that failed
  bool input_exceeded_ = false, closed_by_peer_ = false, dead_ = false;
};

}  // namespace stoker::remote
