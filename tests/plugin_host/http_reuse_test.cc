// Which exchanges share a connection.
#include "tests/plugin_host/http_case.h"

namespace stoker::plugin_host {
namespace {

using HttpReuse = HttpCase<SkippingClock>;

const Ask kGet{};
const Ask kPost{.method = "POST", .retry = STOKER_RETRY_NEVER, .body = "x"};

TEST_F(HttpReuse, OneAfterTheOtherOnOneConnection) {
  serve(answering({answer(200, "one"), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n",
                   "HTTP/1.1 204 OK\r\n\r\n", answer(200, "four")}));
  EXPECT_EQ(send(kGet).body, "one");
  EXPECT_EQ(send(kGet).body, "two");
  EXPECT_EQ(send(kGet).status, 204);
  EXPECT_EQ(send(kGet).body, "four");
  EXPECT_EQ(server->connections(), 1);
}

TEST_F(HttpReuse, WhatMustNotBeRepeatedTakesAFreshOne) {
  serve(answering({answer(200, "ok")}));
  EXPECT_EQ(send(kGet).status, 200);
  EXPECT_EQ(send(kPost).status, 200);
  EXPECT_EQ(server->connections(), 2);
  EXPECT_EQ(send({.method = "POST", .retry = STOKER_RETRY_IF_SAFE, .body = "x"}).status, 200);
  EXPECT_EQ(server->connections(), 3);
  EXPECT_EQ(send(kGet).status, 200);
  EXPECT_EQ(server->connections(), 3) << "and leaves it to others";
}

TEST_F(HttpReuse, OneThatWasClosedMeanwhileIsNotUsed) {
  serve([](Peer& peer) {
    peer.read_request();
    peer.write(answer(200, "ok"));
  });
  EXPECT_EQ(send(kGet).status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // for the FIN
  EXPECT_EQ(send(kGet).status, 200);
  EXPECT_EQ(server->connections(), 2);
  EXPECT_EQ(server->requests().size(), 2u);
}

TEST_F(HttpReuse, OneThatClosesJustThenCostsNoPause) {
  serve([](Peer& peer) {
    peer.read_request();
    peer.write(answer(200, "ok"));
    if (peer.number() == 0)
      peer.read_request();  // and no answer
    else
      peer.until_closed();
  });
  EXPECT_EQ(send(kGet).status, 200);
  EXPECT_EQ(send(kGet).status, 200);
  EXPECT_EQ(server->connections(), 2);
  EXPECT_EQ(server->requests().size(), 3u);
  EXPECT_THAT(clock.pauses(), testing::IsEmpty());
}

TEST_F(HttpReuse, OneThatSpeaksUnaskedIsNotUsed) {
  const auto spoke = std::make_shared<std::atomic<bool>>(false);
  serve([spoke](Peer& peer) {
    while (!peer.read_request().empty()) {
      peer.write(answer(200, "ok"));
      if (peer.number() > 0) continue;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // so that it is not read with the answer
      peer.write(answer(200, "smuggled"));
      *spoke = true;
    }
  });
  EXPECT_EQ(send(kGet).body, "ok");
  while (!*spoke) std::this_thread::yield();
  EXPECT_EQ(send(kGet).body, "ok");
  EXPECT_EQ(server->connections(), 2);
}

TEST_F(HttpReuse, NotAfterAnAnswerThatEndsTheConnection) {
  for (const std::string& last :
       {answer(200, "ok", "Connection: close\r\n"), std::string("HTTP/1.1 200 OK\r\n\r\nok"),
        std::string("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), answer(200, "ok") + "HTTP/1.1 200 OK\r\n"}) {
    serve([last](Peer& peer) {
      peer.read_request();
      peer.write(last);
    });
    link.http.reset();
    EXPECT_EQ(send(kGet).body, "ok");
    EXPECT_EQ(send(kGet).body, "ok");
    EXPECT_EQ(server->connections(), 2) << last;
  }
}

TEST_F(HttpReuse, AfterHalfAMinuteItIsLetGo) {
  serve(answering({answer(200, "ok")}));
  EXPECT_EQ(send(kGet).status, 200);
  clock.skip(29 * kSecond);
  EXPECT_EQ(send(kGet).status, 200);
  EXPECT_EQ(server->connections(), 1);
  clock.skip(30 * kSecond);
  EXPECT_EQ(send(kGet).status, 200);
  EXPECT_EQ(server->connections(), 2);
}

TEST_F(HttpReuse, AtMostFourAreKept) {
  std::atomic<int> waiting{0};
  serve([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      // Six at once first, so that each has a connection of its own.
      if (peer.number() < 6 && waiting < 6) {
        ++waiting;
        while (waiting < 6) std::this_thread::yield();
      }
      peer.write(answer(200, "ok"));
    }
  });
  client();
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { EXPECT_EQ(send(kGet).status, 200); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server->connections(), 6);

  ConnectionPool pool(clock);
  for (int i = 0; i < 6; ++i) {
    SocketAddress address;
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(server->port());
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.size = sizeof v4;
    pool.put("a", std::make_unique<HttpConnection>(connect_tcp(address, SocketWait(clock, {}))));
  }
  EXPECT_EQ(pool.take("b"), nullptr);
  for (int i = 0; i < 4; ++i) EXPECT_NE(pool.take("a"), nullptr);
  EXPECT_EQ(pool.take("a"), nullptr);
  link.http.reset();
  transport.reset();
  server.reset();  // it looks at `waiting`
}

}  // namespace
}  // namespace stoker::plugin_host
