#include "core/remote/forwarded_channel.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace stoker::remote {
namespace {

constexpr size_t kPiece = 64 << 10;
constexpr int kFreeRounds = 64;  // as in SshTransport
constexpr int kLookMs = 200;     // how soon it is seen that the tunnel closes

void notify(int fd) {
  const uint64_t one = 1;
  while (::write(fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool sending(const SshTransport& transport) {
  return (libssh2_session_block_directions(transport.get()) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0;
}

// Repeats a call of libssh2 while it holds half a packet: until that is sent, it takes no other call of the session.
template <typename Call>
ssize_t whole(const SshTransport& transport, const TunnelLink& link, Call call) {
  for (;;) {
    const ssize_t code = call();
    if (code != LIBSSH2_ERROR_EAGAIN || !sending(transport)) return code;
    pollfd socket{transport.socket(), POLLOUT, 0};
    ::poll(&socket, 1, kLookMs);
    if (link.closing) throw Error(Fault::cancelled, "the tunnel is closing");
  }
}

}  // namespace

TunnelLink::TunnelLink() : wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wakeup) throw system_error("eventfd", errno);
}

void TunnelLink::wake() const { notify(wakeup.get()); }

OpenState::OpenState() : changed_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!changed_) throw system_error("eventfd", errno);
}

void OpenState::become(Stage stage, std::string why) {
  {
    std::lock_guard lock(mutex_);
    stage_ = stage;
    why_ = std::move(why);
  }
  notify(changed_.get());
}

OpenState::Stage OpenState::stage() const {
  std::lock_guard lock(mutex_);
  return stage_;
}

std::string OpenState::why() const {
  std::lock_guard lock(mutex_);
  return why_;
}

ForwardedChannel::ForwardedChannel(std::string host, uint16_t port, Descriptor local, std::shared_ptr<OpenState> state)
    : host_(std::move(host)), port_(port), local_(std::move(local)), state_(std::move(state)) {}

ForwardedChannel::~ForwardedChannel() {
  for (int round = 0; channel_ != nullptr && round < kFreeRounds; ++round)
    if (libssh2_channel_free(channel_) != LIBSSH2_ERROR_EAGAIN) channel_ = nullptr;
}

bool ForwardedChannel::open(SshTransport& transport, const TunnelLink& link) {
  LIBSSH2_SESSION* session = transport.get();
  const ssize_t code = whole(transport, link, [&]() -> ssize_t {
    channel_ = libssh2_channel_direct_tcpip_ex(session, host_.c_str(), port_, "127.0.0.1", 0);
    return channel_ != nullptr ? 0 : libssh2_session_last_errno(session);
  });
  if (code == LIBSSH2_ERROR_EAGAIN) return false;
  if (code == 0) {
    state_->become(OpenState::Stage::open, {});
    return true;
  }
  const std::string doing = "forwarding to " + host_ + ":" + std::to_string(port_);
  if (code != LIBSSH2_ERROR_CHANNEL_FAILURE || transport.cut()) throw transport.failure(static_cast<int>(code), doing);
  char* text = nullptr;
  libssh2_session_last_error(session, &text, nullptr, 0);
  const bool prohibited = text != nullptr && std::string_view(text).find("prohibited") != std::string_view::npos;
  state_->become(prohibited ? OpenState::Stage::prohibited : OpenState::Stage::refused, {});
  return done_ = true;
}

bool ForwardedChannel::move(SshTransport& transport, const TunnelLink& link) {
  if (gone_ && to_remote_.empty()) return close(transport, link);
  bool moved = take_local();
  moved |= write_remote(transport, link);
  if (!gone_) {
    moved |= read_remote(transport, link);
    moved |= give_local();
  }
  if (end_sent_ && end_given_) gone_ = moved = true;
  return moved;
}

void ForwardedChannel::fail(const std::string& why) { state_->become(OpenState::Stage::broken, why); }

pollfd ForwardedChannel::interest() const {
  short events = 0;
  if (to_remote_.empty() && !local_ended_) events |= POLLIN;
  if (!to_local_.empty()) events |= POLLOUT;
  // A hang-up is told again and again: asked for no more once it is known and there is nothing else to wait for.
  const bool deaf = gone_ || (hung_up_ && events == 0);
  return {deaf ? -1 : local_.get(), events, 0};
}

bool ForwardedChannel::listens() const {
  const bool reads = !remote_ended_ && to_local_.empty();
  const bool writes = !to_remote_.empty() || (local_ended_ && !end_sent_);
  return channel_ == nullptr || gone_ || reads || writes;
}

bool ForwardedChannel::take_local() {
  if (local_ended_ || !to_remote_.empty()) {
    if (!local_ended_ || !hung_up_ || gone_) return false;
    return gone_ = true;
  }
  to_remote_.resize(kPiece);
  const ssize_t got = ::recv(local_.get(), to_remote_.data(), to_remote_.size(), MSG_DONTWAIT);
  const int failure = errno;
  to_remote_.resize(got > 0 ? static_cast<size_t>(got) : 0);
  remote_at_ = 0;
  if (got > 0) return true;
  if (got < 0 && (failure == EAGAIN || failure == EINTR)) return false;
  local_ended_ = true;
  gone_ = got < 0;
  return true;
}

bool ForwardedChannel::write_remote(SshTransport& transport, const TunnelLink& link) {
  const auto over = [](ssize_t code) {
    return code == LIBSSH2_ERROR_CHANNEL_CLOSED || code == LIBSSH2_ERROR_CHANNEL_EOF_SENT;
  };
  if (!to_remote_.empty()) {
    const ssize_t sent = whole(transport, link, [&] {
      return libssh2_channel_write(channel_, to_remote_.data() + remote_at_, to_remote_.size() - remote_at_);
    });
    if (sent == LIBSSH2_ERROR_EAGAIN || sent == 0) return false;
    if (sent < 0 && !over(sent)) throw transport.failure(static_cast<int>(sent), "writing to a forwarded connection");
    remote_at_ += sent < 0 ? to_remote_.size() : static_cast<size_t>(sent);
    if (sent < 0) local_ended_ = end_sent_ = true;
    if (remote_at_ >= to_remote_.size()) to_remote_.clear();
    return true;
  }
  if (!local_ended_ || end_sent_) return false;
  const ssize_t code = whole(transport, link, [&] { return libssh2_channel_send_eof(channel_); });
  if (code == LIBSSH2_ERROR_EAGAIN) return false;
  if (code < 0 && !over(code)) throw transport.failure(static_cast<int>(code), "ending a forwarded connection");
  return end_sent_ = true;
}

bool ForwardedChannel::read_remote(SshTransport& transport, const TunnelLink& link) {
  if (remote_ended_ || !to_local_.empty()) return false;
  to_local_.resize(kPiece);
  local_at_ = 0;
  const ssize_t got =
      whole(transport, link, [&] { return libssh2_channel_read(channel_, to_local_.data(), to_local_.size()); });
  to_local_.resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (got > 0) return true;
  if (got < 0 && got != LIBSSH2_ERROR_EAGAIN && got != LIBSSH2_ERROR_CHANNEL_CLOSED)
    throw transport.failure(static_cast<int>(got), "reading from a forwarded connection");
  if (libssh2_channel_eof(channel_) != 1) return false;
  return remote_ended_ = true;
}

bool ForwardedChannel::give_local() {
  if (to_local_.empty()) {
    if (!remote_ended_ || end_given_) return false;
    ::shutdown(local_.get(), SHUT_WR);
    return end_given_ = true;
  }
  const ssize_t sent =
      ::send(local_.get(), to_local_.data() + local_at_, to_local_.size() - local_at_, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (sent < 0) return gone_ = local_ended_ = true;
  local_at_ += static_cast<size_t>(sent);
  if (local_at_ == to_local_.size()) to_local_.clear();
  return true;
}

bool ForwardedChannel::close(SshTransport& transport, const TunnelLink& link) {
  const ssize_t code = whole(transport, link, [&] { return libssh2_channel_free(channel_); });
  if (code == LIBSSH2_ERROR_EAGAIN) return false;
  channel_ = nullptr;
  if (code < 0) throw transport.failure(static_cast<int>(code), "closing a forwarded connection");
  return done_ = true;
}

}  // namespace stoker::remote
