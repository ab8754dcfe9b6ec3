#include "core/plugin_host/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

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

bool must_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

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

TcpSocket::TcpSocket(const SocketAddress& to, const SocketWait& wait)
    : descriptor_(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  const std::string doing = "connecting to " + to.text();
  if (descriptor_ < 0) throw broken(doing, errno);
  try {
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0) return;
    if (errno != EINPROGRESS && errno != EINTR) throw broken(doing, errno);
    wait.ready(descriptor_, POLLOUT, doing);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) throw broken(doing, error);
  } catch (const TransportError&) {
    ::close(descriptor_);
    throw;
  }
}

TcpSocket::~TcpSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

size_t TcpSocket::write(std::string_view bytes, const SocketWait& wait, const std::string& doing) {
  for (;;) {
    wait.check(doing);
    const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size > 0) return static_cast<size_t>(size);
    if (must_wait(errno))
      wait.ready(descriptor_, POLLOUT, doing);
    else if (errno != EINTR)
      throw broken(doing, errno);
  }
}

size_t TcpSocket::read(char* into, size_t size, const SocketWait& wait, const std::string& doing) {
  for (;;) {
    wait.check(doing);
    const ssize_t got = ::recv(descriptor_, into, size, 0);
    if (got >= 0) return static_cast<size_t>(got);
    if (must_wait(errno))
      wait.ready(descriptor_, POLLIN, doing);
    else if (errno != EINTR)
      throw broken(doing, errno);
  }
}

bool TcpSocket::quiet() const {
  pollfd look{descriptor_, POLLIN | POLLRDHUP, 0};
  return ::poll(&look, 1, 0) == 0;
}

}  // namespace stoker::plugin_host
