// A TCP connection that waits for nothing but through SocketWait.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace stoker::plugin_host {

// Waits for a socket in slices, so that a cancel and the deadline on the agent's clock are seen within 100 ms.
class SocketWait {
 public:
  SocketWait(Clock& clock, Wait wait) : clock_(clock), wait_(std::move(wait)) {}

  // Throws TransportError{cancelled or deadline} saying what was going on: "reading the answer".
  void check(const std::string& doing) const;
  // Returns once one of `events` of poll(2), or an error, is there. Throws as check() does.
  void ready(int descriptor, short events, const std::string& doing) const;

  [[nodiscard]] Clock& clock() const { return clock_; }
  [[nodiscard]] const Wait& wait() const { return wait_; }

 private:
  Clock& clock_;
  Wait wait_;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] std::string text() const;  // "127.0.0.1:443"
};

class TcpSocket {
 public:
  // Throws TransportError.
  TcpSocket(const SocketAddress& to, const SocketWait& wait);
  TcpSocket(TcpSocket&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  TcpSocket& operator=(TcpSocket&&) = delete;
  ~TcpSocket();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  // At least one byte. Throws TransportError.
  size_t write(std::string_view bytes, const SocketWait& wait, const std::string& doing);
  // 0: the other side has ended the connection. Throws TransportError.
  size_t read(char* into, size_t size, const SocketWait& wait, const std::string& doing);
  // Whether neither bytes nor the end of the connection are there.
  [[nodiscard]] bool quiet() const;

 private:
  int descriptor_;
};

}  // namespace stoker::plugin_host
