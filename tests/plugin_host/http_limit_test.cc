// Cancel and deadline end a request wherever it is.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/plugin_host/http_case.h"
#include "tests/plugin_host/resolver_double.h"

namespace stoker::plugin_host {
namespace {

constexpr int64_t kBefore = 150;  // ms until the end is asked for

// A port whose queue of connections is full, so that one more gets no answer.
class FullPort {
 public:
  FullPort() {
    socklen_t size = sizeof address_;
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::bind(open_.front(), reinterpret_cast<sockaddr*>(&address_), size);
    ::listen(open_.front(), 0);
    ::getsockname(open_.front(), reinterpret_cast<sockaddr*>(&address_), &size);
    for (int i = 0; i < 4; ++i) {
      open_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(open_.back(), reinterpret_cast<sockaddr*>(&address_), size);
    }
  }
  ~FullPort() {
    for (const int descriptor : open_) ::close(descriptor);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

 private:
  sockaddr_in address_{};
  std::vector<int> open_;
};

class HttpLimit : public HttpCase<SystemClock> {
 protected:
  // Runs `ask` twice, with a cancel and with a deadline, and tells what came of it:
  // "cancelled: MESSAGE, deadline: MESSAGE", each without the request's own name.
  std::string ends(Ask ask) {
    std::stop_source cancel;
    int64_t asked_ms = 0;
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(kBefore));
      asked_ms = clock.mono_ms();
      cancel.request_stop();
    });
    const Got cancelled = send(ask, {cancel.get_token()});
    const int64_t returned = clock.mono_ms();
    canceller.join();
    EXPECT_GE(returned, asked_ms) << cancelled.words();
    EXPECT_LT(returned - asked_ms, 2000);

    ask.timeout_ms = kBefore;
    const int64_t began = clock.mono_ms();
    const Got late = send(ask);
    EXPECT_GE(clock.mono_ms() - began, kBefore);
    EXPECT_LT(clock.mono_ms() - began, kBefore + 2000);
    return part(ask, cancelled) + ", " + part(ask, late);
  }

  static std::string part(const Ask& ask, const Got& got) {
    const std::string name = ask.method + " " + ask.url + ": ";
    EXPECT_TRUE(got.message.starts_with(name)) << got.message;
    return std::string(to_string(static_cast<Fault>(got.result))) + ": " + got.message.substr(name.size());
  }

  static std::string both(const std::string& doing) {
    return "cancelled: cancelled while " + doing + ", deadline: took longer than allowed while " + doing;
  }
  static std::string doubtful(const std::string& doing) {
    const std::string doubt = "; whether the request was carried out is not known";
    return "unknown_outcome: cancelled while " + doing + doubt + ", unknown_outcome: took longer than allowed while " +
           doing + doubt;
  }
};

const Ask kGet{};
const Ask kPost{.method = "POST", .retry = STOKER_RETRY_NEVER, .body = "x"};

TEST_F(HttpLimit, WhileTheNameIsLookedUp) {
  options.endpoints["api.acme.example"] = "https://slow.test";
  resolver_is_stuck = true;
  EXPECT_EQ(ends(kGet), both("looking up the address of slow.test"));
  EXPECT_EQ(ends(kPost), both("looking up the address of slow.test"));
  resolver_is_stuck = false;
  while (stuck_lookups > 0) std::this_thread::yield();
  EXPECT_EQ(
      send(kPost).words(),
      "unavailable | POST https://api.acme.example/v1/offers: looking up the address of slow.test: Name or service "
      "not known | check the name and the network of this machine");
}

TEST_F(HttpLimit, WhileItConnects) {
  const FullPort full;
  options.endpoints["api.acme.example"] = full.url();
  const std::string doing = "connecting to " + full.url().substr(7);
  EXPECT_EQ(ends(kGet), both(doing));
  EXPECT_EQ(ends(kPost), both(doing));
}

TEST_F(HttpLimit, WhileTlsIsAgreedUpon) {
  serve([](Peer& peer) { peer.until_closed(); });
  options.endpoints["api.acme.example"] = server->url("https");
  EXPECT_EQ(ends(kGet), both("the TLS handshake with 127.0.0.1"));
  EXPECT_EQ(ends(kPost), both("the TLS handshake with 127.0.0.1"));
}

TEST_F(HttpLimit, WhileTheProxyIsAsked) {
  serve([](Peer& peer) { peer.until_closed(); });
  options.endpoints.clear();
  options.proxy = server->url();
  const std::string asking = "asking the proxy " + server->url().substr(7) + " for api.acme.example:443: ";
  const std::string said = "cancelled: " + asking + "cancelled while waiting for the answer, deadline: " + asking +
                           "took longer than allowed while waiting for the answer";
  EXPECT_EQ(ends(kGet), said);
  EXPECT_EQ(ends(kPost), said);
}

TEST_F(HttpLimit, WhileTheBodyIsSent) {
  std::atomic<bool> over{false};
  serve([&](Peer&) {
    while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  Ask large = kPost;
  large.body.assign(30 << 20, 'x');
  EXPECT_EQ(ends(large), doubtful("sending the request"));
  large.retry = STOKER_RETRY_ALWAYS;
  EXPECT_EQ(ends(large), both("sending the request"));
  over = true;
  server.reset();
}

TEST_F(HttpLimit, ARefusalSaysMoreThanALaterTryThatIsCutOff) {
  std::atomic<int> asked{0};
  serve([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (asked++ > 0) return peer.until_closed();
      peer.write(answer(503, "being mended"));
    }
  });
  Ask ask = kGet;
  ask.timeout_ms = 1500;
  const Got got = send(ask);
  EXPECT_EQ(got.result, STOKER_OK) << got.words();
  EXPECT_EQ(got.status, 503);
  EXPECT_EQ(got.body, "being mended");
  EXPECT_EQ(server->requests().size(), 2u);
  server.reset();
}

TEST_F(HttpLimit, WhileNoAnswerComes) {
  serve([](Peer& peer) { peer.until_closed(); });
  EXPECT_EQ(ends(kGet), both("waiting for the answer"));
  EXPECT_EQ(ends(kPost), doubtful("waiting for the answer"));
}

TEST_F(HttpLimit, WhileTheHeadDrips) {
  serve([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nX: ");
    peer.drip();
  });
  EXPECT_EQ(ends(kGet), both("waiting for the answer"));
  EXPECT_EQ(ends(kPost), doubtful("waiting for the answer"));
}

TEST_F(HttpLimit, WhileTheBodyDrips) {
  serve([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    peer.drip();
  });
  EXPECT_EQ(ends(kGet), both("reading the answer"));
  EXPECT_EQ(ends(kPost), doubtful("reading the answer"));
}

TEST_F(HttpLimit, WhileTheBodyPoursWithoutEnd) {
  serve([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string chunks;
    for (int i = 0; i < 1000; ++i) chunks += "1;extension\r\nx\r\n";
    while (!peer.closed()) peer.write(chunks);
  });
  Ask ask = kGet;
  ask.max_response_bytes = 64 << 20;
  EXPECT_EQ(ends(ask), both("reading the answer"));
}

class HttpCancel : public HttpLimit {
 protected:
  Got cancel_soon(const Ask& ask) {
    std::stop_source cancel;
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(kBefore));
      cancel.request_stop();
    });
    const int64_t began = clock.mono_ms();
    Got got = send(ask, {cancel.get_token()});
    EXPECT_LT(clock.mono_ms() - began, kBefore + 2000);
    canceller.join();
    return got;
  }
};

TEST_F(HttpCancel, BetweenTwoTries) {
  serve(answering({answer(503, "", "Retry-After: 20\r\n")}));
  const Got got = cancel_soon(kGet);
  EXPECT_EQ(got.words(), "cancelled | GET https://api.acme.example/v1/offers: cancelled before the next try | ");
  EXPECT_EQ(server->requests().size(), 1u);
}

TEST_F(HttpCancel, WaitingForATurn) {
  pace = {20'000, 1};
  serve(answering({answer(200, "ok")}));
  EXPECT_EQ(send(kPost).status, 200);
  const Got got = cancel_soon(kPost);
  EXPECT_EQ(got.words(),
            "cancelled | POST https://api.acme.example/v1/offers: waiting for the pace of the account: cancelled | ");
  EXPECT_EQ(server->requests().size(), 1u);
}

TEST_F(HttpCancel, BeforeAnythingBegan) {
  serve(answering({answer(200, "ok")}));
  std::stop_source cancel;
  cancel.request_stop();
  EXPECT_EQ(send(kGet, {cancel.get_token()}).result, STOKER_E_CANCELLED);
  EXPECT_EQ(send(kGet, {{}, clock.mono_ms()}).result, STOKER_E_DEADLINE);
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(HttpLimit, TheCallsOwnDeadlineComesFirst) {
  serve([](Peer& peer) { peer.until_closed(); });
  Ask ask = kGet;
  ask.timeout_ms = 60'000;
  const int64_t began = clock.mono_ms();
  EXPECT_EQ(send(ask, {{}, began + 100}).result, STOKER_E_DEADLINE);
  EXPECT_LT(clock.mono_ms() - began, 2000);
}

TEST_F(HttpLimit, OneAddressAfterTheOtherIsTried) {
  // Nobody listens on the first address of second.test.
  LoopbackServer tls([](Peer&) {});
  options.endpoints["api.acme.example"] = "https://second.test:" + std::to_string(tls.port());
  EXPECT_THAT(send(kPost).message, testing::HasSubstr("the TLS handshake with second.test"));
  EXPECT_EQ(tls.connections(), 1);
}

}  // namespace
}  // namespace stoker::plugin_host
