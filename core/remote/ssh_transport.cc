#include "core/remote/ssh_transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace stoker::remote {
namespace {

// Freeing may ask to be repeated; on a dead socket it never needs more than a few rounds.
constexpr int kFreeRounds = 64;

}  // namespace

SshTransport::SshTransport(Descriptor socket, std::string place)
    : socket_(std::move(socket)),
      place_(std::move(place)),
      session_(libssh2_session_init_ex(on_allocate, on_release, on_resize, this)) {
  if (session_ == nullptr) throw Error(Fault::internal, "libssh2 can not make a session");
  libssh2_session_set_blocking(session_, 0);
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_RECV, reinterpret_cast<void*>(&SshTransport::on_receive));
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_SEND, reinterpret_cast<void*>(&SshTransport::on_send));
}

SshTransport::~SshTransport() {
  if (!dead_) libssh2_session_disconnect(session_, "done");
  kill();
  for (int round = 0; round < kFreeRounds && libssh2_session_free(session_) == LIBSSH2_ERROR_EAGAIN; ++round) {
  }
}

void SshTransport::kill() {
  if (!dead_) ::shutdown(socket_.get(), SHUT_RDWR);
  dead_ = true;
}

void SshTransport::wait(Poller& poller, int64_t max_ms, const std::string& doing) const {
  const bool writing = (libssh2_session_block_directions(session_) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0;
  poller.wait(socket_.get(), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), max_ms, doing);
}

Error SshTransport::failure(int code, const std::string& doing) {
  kill();
  if (input_exceeded_)
    return {Fault::unavailable, doing + ": " + place_ + " sends too much for an SSH server before the login"};
  if (closed_by_peer_ && socket_error_ == 0)
    return {Fault::unavailable, doing + ": " + place_ + " closed the connection"};
  if (socket_error_ != 0)
    return {Fault::unavailable, doing + ": the connection to " + place_ + " broke: " + std::strerror(socket_error_)};
  char* text = nullptr;
  libssh2_session_last_error(session_, &text, nullptr, 0);
  return {Fault::unavailable, doing + ": " + place_ + ": " + (text != nullptr && *text != '\0' ? text : "SSH error") +
                                  " (libssh2 " + std::to_string(code) + ")"};
}

void* SshTransport::on_allocate(size_t size, void** self) {
  return static_cast<SshTransport*>(*self)->memory_.allocate(size);
}

void* SshTransport::on_resize(void* memory, size_t size, void** self) {
  return static_cast<SshTransport*>(*self)->memory_.resize(memory, size);
}

void SshTransport::on_release(void* memory, void** self) { static_cast<SshTransport*>(*self)->memory_.release(memory); }

// Without TCP_QUICKACK our delayed ACK and sshd's Nagle stall each other for 40 ms; the kernel forgets the option, so
// it is set after every receive.
ssize_t SshTransport::on_receive(libssh2_socket_t fd, void* to, size_t size, int flags, void** self) {
  auto& transport = *static_cast<SshTransport*>(*self);
  if (transport.dead_) return -ECONNABORTED;
  if (transport.input_left_ <= 0) {
    transport.input_exceeded_ = true;
    return -ECONNABORTED;
  }
  const ssize_t got = ::recv(fd, to, size, flags);
  if (got < 0) {
    const int failure = errno;
    if (failure == EAGAIN || failure == EINTR) return -EAGAIN;
    transport.socket_error_ = failure;
    return -failure;
  }
  if (got == 0) transport.closed_by_peer_ = true;
  if (transport.input_left_ != INT64_MAX) transport.input_left_ -= got;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  return got;
}

ssize_t SshTransport::on_send(libssh2_socket_t fd, const void* from, size_t size, int flags, void** self) {
  auto& transport = *static_cast<SshTransport*>(*self);
  if (transport.dead_) return -ECONNABORTED;
  const ssize_t sent = ::send(fd, from, size, flags | MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  const int failure = errno;
  if (failure == EAGAIN || failure == EINTR) return -EAGAIN;
  transport.socket_error_ = failure;
  return -failure;
}

}  // namespace stoker::remote
