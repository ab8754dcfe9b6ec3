#include "core/plugin_host/tcp_socket.h"

#include <Poco/Net/StreamSocketImpl.h>
#include <arpa/inet.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Kind = TransportError::Kind;

constexpr int64_t kSlice = 100;  // ms

TransportError broken(const std::string& doing, int error) {
  return {Kind::broken, doing + ": " + std::strerror(error)};
}

}  // namespace

void SocketWait::check(const std::string& doing) const {
  if (wait_.cancel.stop_requested()) throw TransportError(Kind::cancelled, "cancelled while " + doing);
  if (clock_.mono_ms() >= wait_.deadline_ms)
    throw TransportError(Kind::deadline, "took longer than allowed while " + doing);
}

void SocketWait::ready(int descriptor, short events, const std::string& doing) const {
  for (;;) {
    check(doing);
    const int64_t left = std::clamp<int64_t>(wait_.deadline_ms - clock_.mono_ms(), 1, kSlice);
    pollfd look{descriptor, events, 0};
    const int found = ::poll(&look, 1, static_cast<int>(left));
    if (found > 0) return;
    if (found < 0 && errno != EINTR) throw broken(doing, errno);
  }
}

std::string SocketAddress::text() const {
  char name[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, name, sizeof name);
    return "[" + std::string(name) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
  ::inet_ntop(AF_INET, &v4.sin_addr, name, sizeof name);
  return std::string(name) + ":" + std::to_string(ntohs(v4.sin_port));
}

Poco::Net::StreamSocket connect_tcp(const SocketAddress& to, const SocketWait& wait) {
  const std::string doing = "connecting to " + to.text();
  // Not by Poco, which would leave it open in the processes that the agent starts.
  const int descriptor = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw broken(doing, errno);
  Poco::Net::StreamSocket socket(new Poco::Net::StreamSocketImpl(descriptor));
  socket.setBlocking(false);
  socket.setNoDelay(true);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0) return socket;
  if (errno != EINPROGRESS && errno != EINTR) throw broken(doing, errno);
  wait.ready(descriptor, POLLOUT, doing);
  if (const int error = socket.impl()->socketError(); error != 0) throw broken(doing, error);
  return socket;
}

}  // namespace stoker::plugin_host
