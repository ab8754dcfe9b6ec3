#include "core/remote/libssh2_session.h"

#include <gmock/gmock.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/remote/sshd_fixture.h"

namespace stoker::remote {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Result {
  ExecResult end;
  std::string output;
};

Result run(Session& session, const std::string& command, const Wait& wait = {}) {
  Result result;
  Exec exec;
  exec.command = command;
  exec.output = [&](std::string_view bytes) { return result.output.append(bytes), true; };
  result.end = session.exec(exec, wait);
  return result;
}

// The error that `call` ends with.
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

struct LibsshSessionTest : testing::Test {
  SystemClock clock;
  LibsshConnector connector{clock};
  [[nodiscard]] int64_t ms_since(int64_t start) const { return clock.mono_ms() - start; }
};

TEST_F(LibsshSessionTest, RunsCommandsOneAfterTheOther) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  EXPECT_EQ(run(*session, "echo one").output, "one\n");
  EXPECT_EQ(run(*session, "printf '%s' \"two  words\"").output, "two  words");
  EXPECT_EQ(run(*session, "echo SHA").end.exit_code, 0);
}

TEST_F(LibsshSessionTest, TheFingerprintIsEnoughToKnowTheHost) {
  const Sshd sshd;
  Target target = sshd.target();
  target.host_public_key = fingerprint(target.host_public_key);
  EXPECT_EQ(run(*connector.connect(target, {}), "echo yes").output, "yes\n");
}

TEST_F(LibsshSessionTest, ANameIsLookedUp) {
  addrinfo* known = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &known) != 0)
    GTEST_SKIP() << "this machine does not know the name localhost";
  ::freeaddrinfo(known);
  const Sshd sshd;
  Target target = sshd.target();
  target.host = "localhost";
  EXPECT_EQ(run(*connector.connect(target, {}), "echo yes").output, "yes\n");
}

TEST_F(LibsshSessionTest, ReportsExitCodesSignalsAndTheEndOfStandardError) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  EXPECT_EQ(run(*session, "exit 42").end.exit_code, 42);
  EXPECT_EQ(run(*session, "kill -9 $$").end.exit_signal, "KILL");
  EXPECT_EQ(run(*session, "kill -TERM $$").end.exit_signal, "TERM");
  const Result result = run(*session, "echo out; seq 1 100000 >&2; echo last >&2; exit 3");
  EXPECT_EQ(result.end.exit_code, 3);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.end.error_tail.size(), 4096U);
  EXPECT_TRUE(result.end.error_tail.ends_with("99999\n100000\nlast\n"));
}

TEST_F(LibsshSessionTest, EchoesFiftyMegabytesWhole) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  constexpr size_t kSize = 50 << 20;
  const auto byte_at = [](size_t at) { return static_cast<char>((at * 2654435761U) >> 13); };
  size_t sent = 0, received = 0;
  bool same = true;
  Exec exec;
  exec.command = "cat";
  exec.input = [&](char* buffer, size_t size) {
    const size_t count = std::min(size, kSize - sent);
    for (size_t i = 0; i < count; ++i) buffer[i] = byte_at(sent + i);
    sent += count;
    return count;
  };
  exec.output = [&](std::string_view bytes) {
    for (const char byte : bytes) same &= byte == byte_at(received++);
    return true;
  };
  EXPECT_EQ(session->exec(exec, {}).exit_code, 0);
  EXPECT_EQ(received, kSize);
  EXPECT_TRUE(same);
}

TEST_F(LibsshSessionTest, ACommandNeedNotReadItsInput) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  Exec exec;
  exec.command = "exit 5";
  size_t sent = 0;
  exec.input = [&](char* buffer, size_t size) {
    std::fill(buffer, buffer + size, 'x');
    return sent += size, sent > (64 << 20) ? size_t{0} : size;
  };
  EXPECT_EQ(session->exec(exec, {}).exit_code, 5);
  EXPECT_EQ(run(*session, "echo next").output, "next\n");
}

TEST_F(LibsshSessionTest, TheSinkStopsACommandAndTheSessionGoesOn) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  Exec exec;
  exec.command = "yes";
  exec.output = [](std::string_view) { return false; };
  session->exec(exec, {});
  EXPECT_EQ(run(*session, "echo next").output, "next\n");
}

TEST_F(LibsshSessionTest, ACommandRunsWithinTheOutputOfAnother) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  size_t outer = 0, inner = 0;
  int turns = 0;
  Exec other;
  other.command = "head -c 5000000 /dev/zero";
  other.output = [&](std::string_view bytes) { return inner += bytes.size(), true; };
  Exec exec;
  exec.command = "head -c 30000000 /dev/zero; exit 4";
  exec.output = [&](std::string_view bytes) {
    outer += bytes.size();
    if (outer / 10'000'000 > static_cast<size_t>(turns)) {
      ++turns;
      EXPECT_EQ(session->exec(other, {}).exit_code, 0);
    }
    return true;
  };
  EXPECT_EQ(session->exec(exec, {}).exit_code, 4);
  EXPECT_EQ(outer, 30'000'000U);
  EXPECT_EQ(turns, 3);
  EXPECT_EQ(inner, 15'000'000U);
  EXPECT_EQ(run(*session, "echo after").output, "after\n");
}

TEST_F(LibsshSessionTest, TicksWhileNothingHappens) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  int ticks = 0;
  Exec exec;
  exec.command = "sleep 1";
  exec.tick_ms = 20;
  exec.tick = [&] { return ++ticks < 5; };
  const int64_t start = clock.mono_ms();
  session->exec(exec, {});
  EXPECT_EQ(ticks, 5);
  EXPECT_LT(ms_since(start), 5000);
}

TEST_F(LibsshSessionTest, AnotherHostKeyIsRefusedBeforeTheLogin) {
  const Sshd sshd;
  Target target = sshd.target();
  const std::string real = fingerprint(target.host_public_key);
  target.host_public_key = generate_ssh_key("").public_key;
  const Error error = failure_of([&] { connector.connect(target, {}); });
  EXPECT_EQ(error.fault, Fault::forbidden);
  EXPECT_EQ(error.what(), "127.0.0.1:" + std::to_string(target.port) + " shows host key " + real + " but " +
                              fingerprint(target.host_public_key) + " is expected: nothing was sent to it");
  ASSERT_TRUE(eventually([&] { return !sshd.serving(); }));
  EXPECT_THAT(sshd.log(), AllOf(HasSubstr("SSH2_MSG_KEX_ECDH_INIT received"), Not(HasSubstr("userauth-request"))));
}

TEST_F(LibsshSessionTest, AKeyTheHostDoesNotKnowIsAnAuthFault) {
  const Sshd sshd;
  Target target = sshd.target();
  const SshKey other = generate_ssh_key("other");
  target.private_key = other.private_key;
  const Error error = failure_of([&] { connector.connect(target, {}); });
  EXPECT_EQ(error.fault, Fault::auth);
  EXPECT_EQ(error.what(), "the key " + fingerprint(other.public_key) + " is refused by " + target.user +
                              "@127.0.0.1:" + std::to_string(target.port));
}

TEST_F(LibsshSessionTest, AHostWithNothingButRsaIsUnsupported) {
  const Sshd sshd({}, "rsa");
  Target target = sshd.target();
  target.host_public_key = generate_ssh_key("").public_key;
  const Error error = failure_of([&] { connector.connect(target, {}); });
  EXPECT_EQ(error.fault, Fault::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("offers no SSH algorithms we accept: host key ssh-ed25519"));
  EXPECT_THAT(error.hint, HasSubstr("RSA"));
}

TEST_F(LibsshSessionTest, AnEcdsaHostIsKnownWhenPinned) {
  const Sshd sshd({}, "ecdsa");
  EXPECT_EQ(run(*connector.connect(sshd.target(), {}), "echo yes").output, "yes\n");
}

TEST_F(LibsshSessionTest, SurvivesAServerThatChangesItsKeysOften) {
  const Sshd sshd({"RekeyLimit=1M"});
  const auto session = connector.connect(sshd.target(), {});
  size_t sent = 0;
  Exec exec;
  exec.command = "wc -c";
  exec.input = [&](char* buffer, size_t size) {
    const size_t count = std::min<size_t>(size, (20 << 20) - sent);
    std::fill(buffer, buffer + count, 'x');
    return sent += count, count;
  };
  std::string output;
  exec.output = [&](std::string_view bytes) { return output.append(bytes), true; };
  EXPECT_EQ(session->exec(exec, {}).exit_code, 0);
  EXPECT_EQ(output, "20971520\n");
}

TEST_F(LibsshSessionTest, NobodyThere) {
  Target target{"127.0.0.1", 0, "nobody", generate_ssh_key("").private_key, generate_ssh_key("").public_key};
  ::close(listen_locally(target.port));
  const Error error = failure_of([&] { connector.connect(target, {}); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_EQ(error.what(), "can not reach 127.0.0.1:" + std::to_string(target.port) + ": connection refused");
}

// A server that accepts and then does what it is told.
class Impostor {
 public:
  explicit Impostor(std::function<void(int)> serve) : listener_(listen_locally(port_)) {
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      serve(fd);
      ::close(fd);
    });
  }
  ~Impostor() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] Target target() const {
    return {"127.0.0.1", port_, "nobody", generate_ssh_key("").private_key, generate_ssh_key("").public_key};
  }

 private:
  uint16_t port_ = 0;
  int listener_;
  std::thread thread_;
};

void until_closed(int fd) {
  char buffer[4096];
  while (::recv(fd, buffer, sizeof buffer, 0) > 0) {
  }
}

// Everything of the server comes through, of the client its first line only: the key exchange hangs in its middle.
void relay_first_line(int client, uint16_t server_port) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server_port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(server, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  char c = 0;
  while (c != '\n' && ::recv(client, &c, 1, 0) == 1) ASSERT_EQ(::send(server, &c, 1, MSG_NOSIGNAL), 1);
  std::thread back([&] {
    char buffer[4096];
    for (ssize_t n = 0; (n = ::recv(server, buffer, sizeof buffer, 0)) > 0;)
      if (::send(client, buffer, static_cast<size_t>(n), MSG_NOSIGNAL) != n) break;
  });
  until_closed(client);
  ::shutdown(server, SHUT_RDWR);
  back.join();
  ::close(server);
}

// Nothing of it may be left: the leak checker of the asan build looks.
TEST_F(LibsshSessionTest, AKeyExchangeThatIsBrokenOff) {
  const Sshd sshd;
  const uint16_t port = sshd.target().port;
  const Impostor half([port](int client) { relay_first_line(client, port); });
  LibsshConnector hasty(clock, {.handshake_ms = 200});
  Target target = sshd.target();
  target.port = half.target().port;
  const Error error = failure_of([&] { hasty.connect(target, {}); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_THAT(error.what(), HasSubstr(" did not finish the SSH handshake within 1 s"));
}

TEST_F(LibsshSessionTest, AServerThatSaysNothing) {
  const Impostor silent(until_closed);
  LibsshConnector hasty(clock, {.handshake_ms = 100});
  const Target target = silent.target();
  const Error error = failure_of([&] { hasty.connect(target, {}); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_EQ(error.what(),
            "127.0.0.1:" + std::to_string(target.port) + " accepted the connection but sent no SSH banner within 1 s");
}

TEST_F(LibsshSessionTest, AServerThatStopsAfterTheBanner) {
  const Impostor half([](int fd) {
    EXPECT_GT(::send(fd, "SSH-2.0-half\r\n", 14, MSG_NOSIGNAL), 0);
    until_closed(fd);
  });
  LibsshConnector hasty(clock, {.handshake_ms = 100});
  const Error error = failure_of([&] { hasty.connect(half.target(), {}); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("did not finish the SSH handshake within 1 s"));
}

TEST_F(LibsshSessionTest, ABannerOfAMegabyteIsCutShort) {
  for (const char* line : {"x", "hello\n", "SSH"}) {
    const Impostor talker([line](int fd) {
      std::string text;
      while (text.size() < (1 << 20)) text += line;
      size_t sent = 0;
      while (sent < text.size()) {
        const ssize_t count = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return;
        sent += static_cast<size_t>(count);
      }
      until_closed(fd);
    });
    LibsshConnector hasty(clock, {.handshake_ms = 2000});
    const int64_t start = clock.mono_ms();
    const Error error = failure_of([&] { hasty.connect(talker.target(), {}); });
    EXPECT_EQ(error.fault, Fault::unavailable) << error.what();
    EXPECT_LT(ms_since(start), 10'000);
  }
}

TEST_F(LibsshSessionTest, GarbageAfterTheBannerIsAnError) {
  const Impostor talker([](int fd) {
    const std::string text = "SSH-2.0-bad\r\n" + std::string(100'000, '\xff');
    EXPECT_GT(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), 0);
    until_closed(fd);
  });
  LibsshConnector hasty(clock, {.handshake_ms = 2000});
  EXPECT_EQ(failure_of([&] { hasty.connect(talker.target(), {}); }).fault, Fault::unavailable);
}

TEST_F(LibsshSessionTest, AServerThatHangsUpAtOnce) {
  const Impostor rude([](int) {});
  const Error error = failure_of([&] { connector.connect(rude.target(), {}); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("SSH handshake with 127.0.0.1:"));
}

TEST_F(LibsshSessionTest, ACutInTheMiddleIsUnavailableAndEndsTheSession) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  Exec exec;
  exec.command = "yes";
  size_t received = 0;
  exec.output = [&](std::string_view bytes) {
    received += bytes.size();
    if (received > (4 << 20) && received < (5 << 20)) sshd.cut_sessions();
    return true;
  };
  EXPECT_EQ(failure_of([&] { session->exec(exec, {}); }).fault, Fault::unavailable);
  const Error later = failure_of([&] { session->exec(exec, {}); });
  EXPECT_EQ(later.fault, Fault::unavailable);
  EXPECT_THAT(later.what(), HasSubstr("the session has ended"));
}

TEST_F(LibsshSessionTest, ADeadlineEndsACommand) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  const int64_t start = clock.mono_ms();
  const Error error = failure_of([&] { run(*session, "sleep 60", {{}, clock.mono_ms() + 100}); });
  EXPECT_EQ(error.fault, Fault::deadline);
  EXPECT_THAT(error.what(), HasSubstr("running a command on "));
  EXPECT_LT(ms_since(start), 2000);
}

TEST_F(LibsshSessionTest, TheCallersDeadlineIsNotTheNetworksFault) {
  const Impostor silent(until_closed);
  const Error error = failure_of([&] { connector.connect(silent.target(), {{}, clock.mono_ms() + 50}); });
  EXPECT_EQ(error.fault, Fault::deadline);
}

// Cancels once `ready` and measures until `call` has ended.
template <typename Ready, typename Call>
int64_t cancel_time(const Clock& clock, Ready ready, Call call) {
  std::stop_source source;
  std::atomic<int64_t> asked = 0;
  std::thread canceller([&] {
    eventually(ready);
    asked = clock.mono_ms();
    source.request_stop();
  });
  const Error error = failure_of([&] { call(Wait{source.get_token()}); });
  const int64_t done = clock.mono_ms();
  canceller.join();
  EXPECT_EQ(error.fault, Fault::cancelled) << error.what();
  return done - asked;
}

TEST_F(LibsshSessionTest, CancelEndsAConnectThatHangs) {
  // A full accept queue drops our SYN.
  uint16_t port = 0;
  const int listener = listen_locally(port);
  ::listen(listener, 0);
  const Impostor unused(until_closed);
  Target target = unused.target();
  target.port = port;
  std::vector<std::thread> fillers;
  LibsshConnector hasty(clock, {.connect_ms = 300, .handshake_ms = 300});
  for (int i = 0; i < 4; ++i)
    fillers.emplace_back([&] { EXPECT_EQ(failure_of([&] { hasty.connect(target, {}); }).fault, Fault::unavailable); });
  const int64_t start = clock.mono_ms();
  const int64_t took = cancel_time(
      clock, [&] { return ms_since(start) > 100; }, [&](const Wait& wait) { connector.connect(target, wait); });
  EXPECT_LT(took, 100);
  for (std::thread& filler : fillers) filler.join();
  ::close(listener);
}

TEST_F(LibsshSessionTest, CancelEndsAHandshakeThatHangs) {
  std::atomic<bool> accepted = false;
  const Impostor silent([&](int fd) {
    accepted = true;
    until_closed(fd);
  });
  EXPECT_LT(
      cancel_time(
          clock, [&] { return accepted.load(); }, [&](const Wait& wait) { connector.connect(silent.target(), wait); }),
      100);
}

TEST_F(LibsshSessionTest, CancelEndsACommandThatHangs) {
  const Sshd sshd;
  const auto session = connector.connect(sshd.target(), {});
  std::atomic<bool> running = false;
  Exec exec;
  exec.command = "echo running; sleep 60";
  exec.output = [&](std::string_view) { return running = true, true; };
  EXPECT_LT(
      cancel_time(clock, [&] { return running.load(); }, [&](const Wait& wait) { session->exec(exec, wait); }), 100);
}

TEST_F(LibsshSessionTest, TwoSessionsOnTwoThreads) {
  const Sshd sshd;
  const auto work = [&](const std::string& word) {
    const auto session = connector.connect(sshd.target(), {});
    for (int i = 0; i < 20; ++i) EXPECT_EQ(run(*session, "echo " + word).output, word + "\n");
  };
  std::thread one(work, "one"), two(work, "two");
  one.join();
  two.join();
}

}  // namespace
}  // namespace stoker::remote
