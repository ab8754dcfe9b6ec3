#include "core/remote/tcp_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/error.h"

namespace stoker::remote {
namespace {

constexpr int kDeadAfterMs = 30'000;
constexpr int kKeepIdleS = 10, kKeepIntervalS = 5, kKeepProbes = 4;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_INET;
};

struct Lookup {
  std::mutex mutex;
  std::vector<Address> found;
  int failure = 0;
  Descriptor done{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

void notify(int fd) {
  const uint64_t one = 1;
  while (::write(fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

int look_up(const std::string& host, uint16_t port, int flags, std::vector<Address>& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  for (addrinfo* at = failure == 0 ? list : nullptr; at != nullptr; at = at->ai_next) {
    Address& address = found.emplace_back();
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    address.family = at->ai_family;
  }
  if (list != nullptr) ::freeaddrinfo(list);
  return failure;
}

// A name is looked up on a thread of its own: getaddrinfo cannot be cancelled. The thread outlives a cancelled wait by
// at most the resolver's own timeout and owns what it touches.
std::vector<Address> resolve(const std::string& host, uint16_t port, Poller& poller) {
  std::vector<Address> numeric;
  if (look_up(host, port, AI_NUMERICHOST, numeric) == 0) return numeric;
  auto lookup = std::make_shared<Lookup>();
  if (!lookup->done) throw system_error("eventfd", errno);
  std::thread([lookup, host, port] {
    std::vector<Address> found;
    const int failure = look_up(host, port, AI_ADDRCONFIG, found);
    {
      std::lock_guard lock(lookup->mutex);
      lookup->found = std::move(found);
      lookup->failure = failure;
    }
    notify(lookup->done.get());
  }).detach();
  const std::string doing = "looking up " + host;
  for (;;) {
    poller.wait(lookup->done.get(), POLLIN, kMinute, doing);
    uint64_t count = 0;
    if (::read(lookup->done.get(), &count, sizeof count) == sizeof count) break;
  }
  std::lock_guard lock(lookup->mutex);
  if (lookup->failure != 0)
    throw Error(Fault::unavailable, "can not look up " + host + ": " + ::gai_strerror(lookup->failure));
  return std::move(lookup->found);
}

void set_option(int fd, int level, int name, int value, const char* what) {
  if (::setsockopt(fd, level, name, &value, sizeof value) != 0) throw system_error(what, errno);
}

Descriptor make_socket(int family) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw system_error("socket", errno);
  set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  set_option(socket.get(), SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
  set_option(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleS, "TCP_KEEPIDLE");
  set_option(socket.get(), IPPROTO_TCP, TCP_KEEPINTVL, kKeepIntervalS, "TCP_KEEPINTVL");
  set_option(socket.get(), IPPROTO_TCP, TCP_KEEPCNT, kKeepProbes, "TCP_KEEPCNT");
  set_option(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kDeadAfterMs, "TCP_USER_TIMEOUT");
  return socket;
}

int finish_connect(int fd, Poller& poller, const std::string& doing) {
  for (;;) {
    poller.wait(fd, POLLOUT, kMinute, doing);
    pollfd ready{fd, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) continue;
    int failure = 0;
    socklen_t size = sizeof failure;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) return errno;
    return failure;
  }
}

std::string lower_case(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Poller::Poller(const Clock& clock, const Wait& wait)
    : clock_(clock),
      wait_(wait),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      on_cancel_(wait.cancel, [fd = wakeup_.get()] { notify(fd); }) {
  if (!wakeup_) throw system_error("eventfd", errno);
}

void Poller::check(const std::string& doing) const { clock_.check(wait_, doing.c_str()); }

void Poller::wait(int fd, short events, int64_t max_ms, const std::string& doing) {
  check(doing);
  const int64_t left = std::max<int64_t>(0, wait_.deadline_ms - clock_.mono_ms());
  pollfd files[] = {{fd, events, 0}, {wakeup_.get(), POLLIN, 0}};
  const auto timeout = static_cast<int>(std::clamp<int64_t>(std::min(left, max_ms), 0, kMinute));
  if (::poll(files, 2, timeout) < 0 && errno != EINTR) throw system_error("poll", errno);
  check(doing);
}

Descriptor connect_tcp(const std::string& host, uint16_t port, const Clock& clock, const Wait& wait) {
  const std::string place = host + ":" + std::to_string(port);
  const std::string doing = "connecting to " + place;
  Poller poller(clock, wait);
  int failure = ENOENT;
  for (const Address& address : resolve(host, port, poller)) {
    Descriptor socket = make_socket(address.family);
    const auto* to = reinterpret_cast<const sockaddr*>(&address.storage);
    failure = ::connect(socket.get(), to, address.size) == 0 ? 0 : errno;
    if (failure == EINPROGRESS || failure == EINTR) failure = finish_connect(socket.get(), poller, doing);
    if (failure == 0) return socket;
  }
  throw Error(Fault::unavailable, "can not reach " + place + ": " + lower_case(std::strerror(failure)));
}

}  // namespace stoker::remote
