// One forwarded connection as the tunnel's thread sees it: a channel of libssh2 on one side, a local socket on the
// other.
#pragma once

#include <poll.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/remote/ssh_transport.h"

namespace stoker::remote {

// What the two threads know of a tunnel.
struct TunnelLink {
  TunnelLink();
  void wake() const;

  Descriptor wakeup;  // an eventfd: the tunnel's thread has something to do
  std::atomic<bool> closing = false;
};

// How far the opening of a connection has come, and whether it broke later.
class OpenState {
 public:
  enum class Stage { opening, open, refused, prohibited, broken };
  OpenState();
  void become(Stage stage, std::string why);
  [[nodiscard]] Stage stage() const;
  [[nodiscard]] std::string why() const;
  [[nodiscard]] int changed() const { return changed_.get(); }  // an eventfd, readable once it is no longer opening

 private:
  mutable std::mutex mutex_;
  Stage stage_ = Stage::opening;
  std::string why_;
  Descriptor changed_;
};

// Of the tunnel's thread only. Every step does what can be done without waiting and throws when the SSH connection
// broke.
class ForwardedChannel {
 public:
  ForwardedChannel(std::string host, uint16_t port, Descriptor local, std::shared_ptr<OpenState> state);
  ForwardedChannel(const ForwardedChannel&) = delete;
  ForwardedChannel& operator=(const ForwardedChannel&) = delete;
  ~ForwardedChannel();  // when the transport is dead, or done()

  [[nodiscard]] bool opened() const { return channel_ != nullptr; }
  [[nodiscard]] bool done() const { return done_; }
  // One at a time in a session. True when it moved on.
  bool open(SshTransport& transport, const TunnelLink& link);
  bool move(SshTransport& transport, const TunnelLink& link);
  void fail(const std::string& why);

  [[nodiscard]] pollfd interest() const;  // in the local socket
  // Whether something may be read from the SSH connection for it: not while its stream is not read, or the other side
  // could fill our memory.
  [[nodiscard]] bool listens() const;
  void seen(short events) { hung_up_ |= (events & (POLLHUP | POLLERR)) != 0; }

 private:
  bool take_local();
  bool write_remote(SshTransport& transport, const TunnelLink& link);
  bool read_remote(SshTransport& transport, const TunnelLink& link);
  bool give_local();
  bool close(SshTransport& transport, const TunnelLink& link);

  const std::string host_;
  const uint16_t port_;
  Descriptor local_;
  std::shared_ptr<OpenState> state_;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  std::string to_remote_, to_local_;
  size_t remote_at_ = 0, local_at_ = 0;            // how much of each is written
  bool local_ended_ = false, end_sent_ = false;    // the stream writes no more; the other side knows
  bool remote_ended_ = false, end_given_ = false;  // the other side writes no more; the stream knows
  bool hung_up_ = false, gone_ = false;            // the stream is closed; and all it wrote was taken
  bool done_ = false;
};

}  // namespace stoker::remote
