#include "core/remote/ssh_tunnel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/remote/forwarded_channel.h"

namespace stoker::remote {
namespace {

class SocketStream final : public Stream {
 public:
  SocketStream(const Clock& clock, Descriptor socket, std::shared_ptr<OpenState> state, std::string place)
      : clock_(clock), socket_(std::move(socket)), state_(std::move(state)), place_(std::move(place)) {}

  size_t read(char* to, size_t size, const Wait& wait) override {
    const std::string doing = "reading from " + place_;
    for (std::unique_ptr<Poller> poller;;) {
      const ssize_t got = ::recv(socket_.get(), to, size, MSG_DONTWAIT);
      const int failure = errno;
      if (got > 0) return static_cast<size_t>(got);
      if (got == 0 || (failure != EAGAIN && failure != EINTR)) {
        require_whole(doing);
        if (got == 0) return 0;
        throw Error(Fault::unavailable, doing + ": the connection broke");
      }
      if (!poller) poller = std::make_unique<Poller>(clock_, wait);
      poller->wait(socket_.get(), POLLIN, kMinute, doing);
    }
  }

  void write(std::string_view bytes, const Wait& wait) override {
    const std::string doing = "writing to " + place_;
    for (std::unique_ptr<Poller> poller; !bytes.empty();) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      const int failure = errno;
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
        continue;
      }
      if (failure != EAGAIN && failure != EINTR) {
        require_whole(doing);
        throw Error(Fault::unavailable, doing + ": the other side takes no more");
      }
      if (!poller) poller = std::make_unique<Poller>(clock_, wait);
      poller->wait(socket_.get(), POLLOUT, kMinute, doing);
    }
  }

  void finish() override { ::shutdown(socket_.get(), SHUT_WR); }
  [[nodiscard]] int descriptor() const override { return socket_.get(); }

 private:
  void require_whole(const std::string& doing) const {
    if (state_->stage() == OpenState::Stage::broken) throw Error(Fault::unavailable, doing + ": " + state_->why());
  }

  const Clock& clock_;
  Descriptor socket_;
  std::shared_ptr<OpenState> state_;
  std::string place_;
};

}  // namespace

SshTunnel::SshTunnel(Clock& clock, std::unique_ptr<SshTransport> transport, std::string peer)
    : clock_(clock), transport_(std::move(transport)), peer_(std::move(peer)), link_(std::make_shared<TunnelLink>()) {
  thread_ = clock_.start("tunnel", [this] { run(); });
}

SshTunnel::~SshTunnel() {
  link_->closing = true;
  link_->wake();
  clock_.join(thread_);
}

std::unique_ptr<Stream> SshTunnel::open_tcp(const std::string& host, uint16_t port, const Wait& wait) {
  const std::string place = host + ":" + std::to_string(port) + " through " + peer_;
  const std::string doing = "connecting to " + place;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    throw system_error("socketpair", errno);
  Descriptor ours(ends[0]), theirs(ends[1]);
  const auto state = std::make_shared<OpenState>();
  {
    std::lock_guard lock(mutex_);
    if (!alive_) throw Error(Fault::unavailable, doing + ": " + why_);
    requests_.push_back(std::make_unique<ForwardedChannel>(host, port, std::move(theirs), state));
  }
  link_->wake();
  Poller poller(clock_, wait);
  while (state->stage() == OpenState::Stage::opening) poller.wait(state->changed(), POLLIN, kMinute, doing);
  switch (state->stage()) {
    case OpenState::Stage::refused:
      throw Error(Fault::not_found, "nothing listens on " + place);
    case OpenState::Stage::prohibited:
      throw Error(Fault::forbidden, "the SSH server of " + peer_ + " forwards no connections",
                  "AllowTcpForwarding in its sshd_config must not be no");
    case OpenState::Stage::broken:
      throw Error(Fault::unavailable, doing + ": " + state->why());
    default:
      return std::make_unique<SocketStream>(clock_, std::move(ours), state, place);
  }
}

void SshTunnel::run() {
  std::string why = "the tunnel was closed";
  try {
    while (!link_->closing) {
      take_requests();
      if (!step()) wait_for_work();
    }
  } catch (const std::exception& error) {
    if (!link_->closing) why = error.what();
  }
  transport_->kill();
  fail_all(why);
}

void SshTunnel::take_requests() {
  uint64_t count = 0;
  while (::read(link_->wakeup.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
  std::lock_guard lock(mutex_);
  for (auto& request : requests_) channels_.push_back(std::move(request));
  requests_.clear();
}

bool SshTunnel::step() {
  bool moved = false, opening = false;
  for (const auto& channel : channels_) {
    if (channel->opened()) {
      moved |= channel->move(*transport_, *link_);
    } else if (!opening) {
      opening = true;
      moved |= channel->open(*transport_, *link_);
    }
  }
  std::erase_if(channels_, [](const auto& channel) { return channel->done(); });
  return moved;
}

// Where nothing reads from the SSH connection only its end is watched, and once that is known not even that.
void SshTunnel::wait_for_work() {
  const bool listens = std::any_of(channels_.begin(), channels_.end(), [](const auto& one) { return one->listens(); });
  const pollfd ssh{ended_ && !listens ? -1 : transport_->socket(), listens ? short{POLLIN} : short{POLLRDHUP}, 0};
  std::vector<pollfd> files = {ssh, {link_->wakeup.get(), POLLIN, 0}};
  for (const auto& channel : channels_) files.push_back(channel->opened() ? channel->interest() : pollfd{-1, 0, 0});
  if (::poll(files.data(), files.size(), -1) < 0 && errno != EINTR) throw system_error("poll", errno);
  ended_ = ended_ || (!listens && files[0].revents != 0);
  if (ended_ && channels_.empty()) throw Error(Fault::unavailable, transport_->place() + " closed the connection");
  for (size_t i = 0; i < channels_.size(); ++i) channels_[i]->seen(files[i + 2].revents);
}

// Whoever waits is told before its socket shows the end.
void SshTunnel::fail_all(const std::string& why) {
  std::vector<std::unique_ptr<ForwardedChannel>> left;
  {
    std::lock_guard lock(mutex_);
    alive_ = false;
    why_ = why;
    left.swap(requests_);
  }
  for (auto& channel : left) channels_.push_back(std::move(channel));
  for (const auto& channel : channels_) channel->fail(why);
  channels_.clear();
}

}  // namespace stoker::remote
