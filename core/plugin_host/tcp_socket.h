// TCP connections that wait for nothing but through SocketWait.
#pragma once

#include <Poco/Net/StreamSocket.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

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

// A connected socket that does not block. Throws TransportError.
[[nodiscard]] Poco::Net::StreamSocket connect_tcp(const SocketAddress& to, const SocketWait& wait);

}  // namespace stoker::plugin_host
