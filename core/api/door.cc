#include "core/api/door.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/api/head.h"
#include "core/error.h"

namespace stoker::api {
namespace {

constexpr int kBacklog = 1024;
constexpr int kTickMs = 250;
constexpr int64_t kPauseMs = 100;  // out of descriptors

Poco::Net::SocketAddress loopback_address(std::string text) {
  const Error refusal(Fault::invalid, "the agent listens on loopback addresses only, and " + text + " is none",
                      "use 127.0.0.1:7465 or [::1]:7465", "listen");
  if (text.starts_with("localhost:")) text.replace(0, 9, "127.0.0.1");
  try {
    Poco::Net::SocketAddress address(text);
    if (!address.host().isLoopback()) throw refusal;
    return address;
  } catch (const Poco::Exception&) {
    throw refusal;
  }
}

}  // namespace

Door::Door(const ServerContext& context, std::function<void(Knock)> receive)
    : context_(context),
      receive_(std::move(receive)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_ || !wake_) throw system_error("can not make an epoll descriptor", errno);
  listen();
  for (const int fd : {listener_.impl()->sockfd(), wake_.get()})
    if (!watch(fd)) throw system_error("can not watch a socket", errno);
  thread_ = context_.clock.start("api-door", [this] { run(); });
}

Door::~Door() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
  context_.clock.join(thread_);
}

void Door::listen() {
  const auto address = loopback_address(context_.listen);
  try {
    // reusePort stays off: another process must not be able to share the port.
    listener_.bind(address, true, false);
    listener_.listen(kBacklog);
  } catch (const Poco::Exception& error) {
    throw Error(Fault::unavailable, "can not listen on " + address.toString() + ": " + error.displayText(),
                "another agent may be running; choose another port or 0 for a free one");
  }
  // Poco opens sockets without it.
  ::fcntl(listener_.impl()->sockfd(), F_SETFD, FD_CLOEXEC);
  listener_.setBlocking(false);
  port_ = listener_.address().port();
}

void Door::run() {
  for (;;) {
    epoll_event events[64];
    const bool ticking = !guests_.empty() || accept_again_ms_ != 0;
    const int n = ::epoll_wait(epoll_.get(), events, std::size(events), ticking ? kTickMs : -1);
    if (take_returned()) return guests_.clear();
    for (int i = 0; i < n; ++i) {
      if (events[i].data.fd == listener_.impl()->sockfd())
        accept_all();
      else if (events[i].data.fd != wake_.get())
        on_ready(events[i].data.fd);
    }
    send_home_late();
    if (accept_again_ms_ != 0 && context_.clock.mono_ms() >= accept_again_ms_ && watch(listener_.impl()->sockfd()))
      accept_again_ms_ = 0;
  }
}

bool Door::watch(int fd) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

// Out of descriptors, what waits in the backlog would wake us at once, again and again.
void Door::pause_accepting() {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.impl()->sockfd(), nullptr);
  accept_again_ms_ = context_.clock.mono_ms() + kPauseMs;
  send_oldest_home();
}

bool Door::take_returned() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
  std::vector<Returned> returned;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return true;
    returned.swap(returned_);
  }
  for (Returned& it : returned) admit(std::move(it.socket), std::move(it.bytes));
  return false;
}

void Door::accept_all() {
  for (;;) {
    Descriptor socket(::accept4(listener_.impl()->sockfd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      if (errno != EAGAIN) pause_accepting();
      return;
    }
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    make_room();
    admit(std::move(socket), {});
  }
}

void Door::make_room() {
  int busy = 0;
  {
    const std::lock_guard lock(mutex_);
    busy = being_answered_;
  }
  if (static_cast<int>(guests_.size()) + busy >= context_.max_connections) send_oldest_home();
}

// The one that has waited longest: most likely it is idle.
void Door::send_oldest_home() {
  const auto oldest = std::min_element(guests_.begin(), guests_.end(), [](const auto& a, const auto& b) {
    return a.second.since_ms < b.second.since_ms;
  });
  if (oldest != guests_.end()) guests_.erase(oldest);
}

void Door::admit(Descriptor socket, std::string bytes) {
  Guest guest{std::move(socket), std::move(bytes), context_.clock.mono_ms()};
  if (knock_if_whole(guest)) return;
  if (!watch(guest.socket.get())) return;
  guests_.insert_or_assign(guest.socket.get(), std::move(guest));
}

void Door::on_ready(int fd) {
  const auto it = guests_.find(fd);
  if (it == guests_.end()) return;
  Guest& guest = it->second;
  char buffer[16 * 1024];
  const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    guests_.erase(it);
    return;
  }
  if (guest.bytes.empty()) guest.since_ms = context_.clock.mono_ms();
  guest.bytes.append(buffer, static_cast<size_t>(n));
  if (knock_if_whole(guest)) guests_.erase(it);
}

bool Door::knock_if_whole(Guest& guest) {
  const size_t size = head_size(guest.bytes);
  if (size == 0 && guest.bytes.size() <= kMaxHeadBytes) return false;
  hand_over(guest, size, size == 0 || size > kMaxHeadBytes ? 431 : 0);
  return true;
}

void Door::hand_over(Guest& guest, size_t head_size, int status) {
  {
    const std::lock_guard lock(mutex_);
    if (status == 0 && being_answered_ >= context_.max_connections) status = 503;
    ++being_answered_;
  }
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, guest.socket.get(), nullptr);
  receive_({std::move(guest.socket), std::move(guest.bytes), status == 0 ? head_size : 0, status});
}

void Door::send_home_late() {
  const int64_t now = context_.clock.mono_ms();
  for (auto it = guests_.begin(); it != guests_.end();) {
    Guest& guest = it->second;
    const bool began = !guest.bytes.empty();
    if (now - guest.since_ms < (began ? context_.head_ms : context_.idle_ms)) {
      ++it;
      continue;
    }
    if (began) hand_over(guest, 0, 408);
    it = guests_.erase(it);
  }
}

void Door::give_back(Descriptor socket, std::string bytes) {
  {
    const std::lock_guard lock(mutex_);
    --being_answered_;
    if (closing_) return;
    returned_.push_back({std::move(socket), std::move(bytes)});
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

void Door::leave() {
  const std::lock_guard lock(mutex_);
  --being_answered_;
}

}  // namespace stoker::api
