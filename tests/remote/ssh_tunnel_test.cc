#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/remote/libssh2_session.h"
#include "tests/remote/sshd_fixture.h"

namespace stoker::remote {
namespace {

using testing::HasSubstr;

// A server on a free port of 127.0.0.1 that serves each connection on a thread of its own.
class Server {
 public:
  explicit Server(std::function<void(int fd)> serve) : listener_(listen_locally(port)) {
    thread_ = std::thread([this, serve = std::move(serve)] {
      for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        connections_.emplace_back([fd, serve] {
          serve(fd);
          ::close(fd);
        });
      }
    });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (std::thread& connection : connections_) connection.join();
    ::close(listener_);
  }

  uint16_t port = 0;

 private:
  int listener_;
  std::thread thread_;
  std::vector<std::thread> connections_;
};

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

// Gives back what it gets, until it gets no more.
void echo(int fd) {
  char buffer[16384];
  for (ssize_t got; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) send_all(fd, {buffer, static_cast<size_t>(got)});
}

std::string read_all(Stream& stream) {
  std::string text;
  char buffer[50000];
  while (const size_t got = stream.read(buffer, sizeof buffer, {})) text.append(buffer, got);
  return text;
}

std::string pattern(size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(((i + seed) * 2654435761U) >> 13);
  return bytes;
}

template <typename Call>
Error failure_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Fault::internal, "nothing was thrown"};
}

struct SshTunnelTest : testing::Test {
  SystemClock clock;
  LibsshConnector connector{clock};
  [[nodiscard]] Wait within(int64_t ms) const { return Wait{}.until(clock.mono_ms() + ms); }
};

TEST_F(SshTunnelTest, CarriesBytesBothWaysAndTheEndOfEach) {
  const Sshd sshd;
  const Server server(echo);
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  const auto stream = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
  stream->write("hello", within(5000));
  char buffer[5];
  for (size_t got = 0; got < 5;) got += stream->read(buffer + got, 5 - got, within(5000));
  EXPECT_EQ(std::string(buffer, 5), "hello");
  stream->write("bye", within(5000));
  stream->finish();
  EXPECT_EQ(read_all(*stream), "bye");
  EXPECT_TRUE(tunnel->alive());
}

TEST_F(SshTunnelTest, TheOtherSideMayEndFirst) {
  const Sshd sshd;
  const Server server([](int fd) { send_all(fd, "only this"); });
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  for (int round = 0; round < 3; ++round)
    EXPECT_EQ(read_all(*tunnel->open_tcp("127.0.0.1", server.port, within(5000))), "only this");
}

TEST_F(SshTunnelTest, ManyStreamsAtATimeGetTheirOwnBytes) {
  const Sshd sshd;
  const Server server(echo);
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  constexpr int kStreams = 24;
  for (unsigned i = 0; i < kStreams; ++i)
    clients.emplace_back([&, i] {
      const std::string sent = pattern(1 << 20, i);
      const auto stream = tunnel->open_tcp("127.0.0.1", server.port, {});
      std::thread writer([&] {
        stream->write(sent, {});
        stream->finish();
      });
      if (read_all(*stream) == sent) ++right;
      writer.join();
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, kStreams);
}

TEST_F(SshTunnelTest, AStreamThatNobodyReadsHoldsUpNoOther) {
  const Sshd sshd;
  const std::string much = pattern(64 << 20, 1);
  const Server server([&](int fd) { send_all(fd, much); });
  const Server other(echo);
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  {
    const auto unread = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
    ::usleep(300'000);
    timespec before{}, after{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    ::usleep(500'000);
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const double spent =
        static_cast<double>(after.tv_sec - before.tv_sec) + static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
    EXPECT_LT(spent, 0.1) << "waiting keeps a processor busy";
    const auto stream = tunnel->open_tcp("127.0.0.1", other.port, within(5000));
    stream->write("quick", within(5000));
    stream->finish();
    EXPECT_EQ(read_all(*stream), "quick");
  }
  // The one that was dropped unread is closed at the other side, whose thread ends with the server.
}

TEST_F(SshTunnelTest, APortWithoutAServerIsToldAndHarmsNothing) {
  const Sshd sshd;
  const Server server(echo);
  uint16_t dead_port = 0;
  ::close(listen_locally(dead_port));
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  const Error error = failure_of([&] { tunnel->open_tcp("127.0.0.1", dead_port, within(5000)); });
  EXPECT_EQ(error.fault, Fault::not_found);
  EXPECT_THAT(error.what(), HasSubstr("nothing listens on 127.0.0.1:" + std::to_string(dead_port)));
  const auto stream = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
  stream->finish();
  EXPECT_EQ(read_all(*stream), "");
}

TEST_F(SshTunnelTest, AServerThatForwardsNothingSaysSo) {
  const Sshd sshd({"AllowTcpForwarding=no"});
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  const Error error = failure_of([&] { tunnel->open_tcp("127.0.0.1", 1, within(5000)); });
  EXPECT_EQ(error.fault, Fault::forbidden);
  EXPECT_THAT(error.hint, HasSubstr("AllowTcpForwarding"));
}

TEST_F(SshTunnelTest, ReadingIsCancelledAndHasADeadline) {
  const Sshd sshd;
  const Server server(echo);
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  const auto stream = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
  char buffer[1];
  EXPECT_EQ(failure_of([&] { (void)stream->read(buffer, 1, within(50)); }).fault, Fault::deadline);
  std::stop_source stop;
  std::thread canceller([&] {
    ::usleep(50'000);
    stop.request_stop();
  });
  EXPECT_EQ(failure_of([&] { (void)stream->read(buffer, 1, Wait{stop.get_token()}); }).fault, Fault::cancelled);
  canceller.join();
  stream->write("x", within(5000));
  EXPECT_EQ(stream->read(buffer, 1, within(5000)), 1U);
  EXPECT_EQ(buffer[0], 'x');
}

TEST_F(SshTunnelTest, TheDescriptorTellsWhenThereIsSomethingToRead) {
  const Sshd sshd;
  const Server server(echo);
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  const auto stream = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
  pollfd file{stream->descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&file, 1, 100), 0);
  stream->write("x", within(5000));
  EXPECT_EQ(::poll(&file, 1, 5000), 1);
}

// What was read so far must not be taken for the whole.
TEST_F(SshTunnelTest, ACutConnectionIsNoEnd) {
  const Sshd sshd;
  const Server server(echo);
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  const auto stream = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
  sshd.cut_sessions();
  char buffer[1];
  EXPECT_EQ(failure_of([&] { (void)stream->read(buffer, 1, within(5000)); }).fault, Fault::unavailable);
  EXPECT_TRUE(eventually([&] { return !tunnel->alive(); }));
  EXPECT_EQ(failure_of([&] { tunnel->open_tcp("127.0.0.1", server.port, within(5000)); }).fault, Fault::unavailable);
}

TEST_F(SshTunnelTest, AnIdleTunnelNoticesItsEnd) {
  const Sshd sshd;
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  sshd.cut_sessions();
  EXPECT_TRUE(eventually([&] { return !tunnel->alive(); }));
}

TEST_F(SshTunnelTest, TheEndOfTheTunnelBreaksItsStreams) {
  const Sshd sshd;
  const Server server(echo);
  auto tunnel = connector.open_tunnel(sshd.target(), {});
  const auto stream = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
  tunnel.reset();
  char buffer[1];
  EXPECT_EQ(failure_of([&] { (void)stream->read(buffer, 1, within(5000)); }).fault, Fault::unavailable);
}

TEST_F(SshTunnelTest, MovesAHundredMegabytesQuickly) {
  const Sshd sshd;
  const std::string piece = pattern(1 << 20, 7);
  constexpr int kPieces = 100;
  const Server server([&](int fd) {
    for (int i = 0; i < kPieces; ++i) send_all(fd, piece);
  });
  const auto tunnel = connector.open_tunnel(sshd.target(), {});
  const auto stream = tunnel->open_tcp("127.0.0.1", server.port, within(5000));
  const int64_t start = clock.mono_ms();
  size_t total = 0;
  bool same = true;
  std::string buffer(64 << 10, '\0');
  while (const size_t got = stream->read(buffer.data(), buffer.size(), within(60'000))) {
    for (size_t i = 0; i < got; ++i) same &= buffer[i] == piece[(total + i) % piece.size()];
    total += got;
  }
  EXPECT_EQ(total, piece.size() * kPieces);
  EXPECT_TRUE(same);
  RecordProperty("ms", static_cast<int>(clock.mono_ms() - start));
}

}  // namespace
}  // namespace stoker::remote
