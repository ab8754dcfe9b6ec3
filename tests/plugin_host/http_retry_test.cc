// When the service asks again by itself, when it follows a redirect, and how long it waits.
#include "tests/plugin_host/http_case.h"

namespace stoker::plugin_host {
namespace {

// The jitter is a half, and a wait takes a moment more than it should.
MATCHER_P(About, ms, "") { return arg >= ms - 60 && arg <= ms + 60; }

using HttpRetry = HttpCase<SkippingClock>;

const std::string kBusy = answer(503, "busy");

TEST_F(HttpRetry, WhatIsIdempotentIsAskedForAgain) {
  serve(answering({kBusy, answer(500, ""), answer(200, "ok")}));
  EXPECT_EQ(send({}).body, "ok");
  EXPECT_EQ(server->requests().size(), 3u);
  EXPECT_THAT(clock.pauses(), testing::ElementsAre(About(250), About(500)));
}

TEST_F(HttpRetry, NothingElseIs) {
  serve(answering({kBusy}));
  for (const int32_t retry : std::vector<int32_t>{STOKER_RETRY_NEVER, STOKER_RETRY_IF_SAFE, 0, 77})
    EXPECT_EQ(send({.method = "POST", .retry = retry, .body = "x"}).status, 503);
  EXPECT_EQ(server->requests().size(), 4u);
  EXPECT_THAT(clock.pauses(), testing::IsEmpty());
}

TEST_F(HttpRetry, FiveTimesAreEnough) {
  serve(answering({kBusy}));
  const Got got = send({});
  EXPECT_EQ(got.result, STOKER_OK);
  EXPECT_EQ(got.status, 503);
  EXPECT_EQ(got.body, "busy");
  EXPECT_EQ(server->requests().size(), 5u);
  EXPECT_THAT(clock.pauses(), testing::ElementsAre(About(250), About(500), About(1000), About(2000)));
}

TEST_F(HttpRetry, TheServerSaysWhen) {
  const auto reset = [&](int64_t s) { return std::to_string(clock.wall_ms() / 1000 + s); };
  serve(answering({answer(429, "", "Retry-After: 7\r\n"), answer(429, "", "ratelimit-reset: " + reset(17) + "\r\n"),
                   answer(200, "ok")}));
  EXPECT_EQ(send({}).body, "ok");
  const auto pauses = clock.pauses();
  ASSERT_EQ(pauses.size(), 2u);
  EXPECT_THAT(pauses[0], About(7000));
  EXPECT_GE(pauses[1], 8900);
  EXPECT_LE(pauses[1], 10'100) << "the first pause is over by then";
}

TEST_F(HttpRetry, ARefusalWithoutATimeSlowsDownToATenthOfThePace) {
  pace = {700, 4};
  serve(answering({answer(429, ""), answer(200, "ok")}));
  EXPECT_EQ(send({}).body, "ok");
  EXPECT_THAT(clock.pauses(), testing::ElementsAre(About(8750)));
}

TEST_F(HttpRetry, APauseThatIsTooLongIsNotBegun) {
  serve(answering({answer(429, "slow down", "Retry-After: 30\r\n")}));
  const Got got = send({});
  EXPECT_EQ(got.status, 429);
  EXPECT_EQ(got.body, "slow down");
  EXPECT_EQ(send({.timeout_ms = 20'000}).status, 429);
  EXPECT_THAT(clock.pauses(), testing::IsEmpty());
  EXPECT_EQ(server->requests().size(), 2u);
  serve(answering({answer(429, "slow down", "Retry-After: 3\r\n")}));
  link.http.reset();
  EXPECT_EQ(send({}, {{}, clock.mono_ms() + 2900}).status, 429);
  EXPECT_EQ(server->requests().size(), 1u);
}

TEST_F(HttpRetry, EachTryTakesATurn) {
  pace = {6000, 2};
  serve(answering({kBusy, kBusy, answer(200, "ok")}));
  EXPECT_EQ(send({}).body, "ok");
  EXPECT_THAT(clock.pauses(), testing::ElementsAre(About(250), About(500), About(5250)));
  EXPECT_EQ(send({.timeout_ms = 5000}).words(),
            "deadline | GET https://api.acme.example/v1/offers: the pace of the account gives it no turn in the time "
            "allowed | try again later, when less is asked for");
  EXPECT_EQ(server->requests().size(), 3u);
}

TEST_F(HttpRetry, AConnectionThatFailsIsTriedAgainWhereNothingWasSent) {
  options.endpoints["api.acme.example"] = "http://127.0.0.1:1";
  const Got got = send({.method = "POST", .retry = STOKER_RETRY_IF_SAFE, .body = "x"});
  EXPECT_EQ(
      got.words(),
      "unavailable | POST https://api.acme.example/v1/offers: connecting to 127.0.0.1:1: Connection refused | try "
      "again later; if it goes on, check the network of this machine and http.proxy");
  EXPECT_EQ(got.sinks, 0);
  EXPECT_THAT(clock.pauses(), testing::ElementsAre(About(250), About(500)));
  EXPECT_EQ(send({.method = "POST", .retry = STOKER_RETRY_NEVER, .body = "x"}).result, STOKER_E_UNAVAILABLE);
  EXPECT_EQ(clock.pauses().size(), 2u);
  EXPECT_EQ(send({}).result, STOKER_E_UNAVAILABLE);
  EXPECT_EQ(clock.pauses().size(), 6u);
}

TEST_F(HttpRetry, OnceTheBodyWasSentItIsNotSafe) {
  serve([](Peer& peer) { peer.read_request(); });
  for (const char* method : {"POST", "DELETE"}) {
    const Got got = send({.method = method, .retry = STOKER_RETRY_IF_SAFE, .body = *method == 'P' ? "x" : ""});
    EXPECT_EQ(got.words(),
              "unknown_outcome | " + std::string(method) +
                  " https://api.acme.example/v1/offers: the connection was closed before an answer came; "
                  "whether the request was carried out is not known | look at what the account has before it "
                  "is asked for again");
  }
  EXPECT_EQ(server->connections(), 2);
  EXPECT_THAT(clock.pauses(), testing::IsEmpty());
}

TEST_F(HttpRetry, ABrokenAnswerIsAskedForAgain) {
  serve([](Peer& peer) {
    peer.read_request();
    if (peer.number() < 2) return peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    peer.write(answer(200, "whole"));
  });
  EXPECT_EQ(send({}).body, "whole");
  EXPECT_EQ(clock.pauses().size(), 2u);
}

// Redirects.

std::string to(const std::string& location, int status = 302) {
  return answer(status, "moved", "Location: " + location + "\r\n");
}

TEST_F(HttpRetry, ARedirectIsFollowedOnTheSameServer) {
  for (const int status : {301, 302, 303, 307, 308}) {
    serve(answering({to("/new?x=y", status), answer(200, "ok")}));
    link.http.reset();
    const Got got = send({.secrets = {{"Authorization", "Bearer ", "token"}}});
    EXPECT_EQ(got.body, "ok");
    EXPECT_EQ(got.final_url, "https://api.acme.example/new?x=y");
    EXPECT_THAT(server->requests()[1], testing::StartsWith("GET /new?x=y HTTP/1.1\r\nHost: api.acme.example\r\n"));
    EXPECT_THAT(server->requests()[1], testing::HasSubstr(kToken));
  }
}

TEST_F(HttpRetry, ARedirectLeadsToAllowedHostsOnlyAndWithoutSecrets) {
  LoopbackServer other(answering({answer(200, "other")}));
  options.endpoints["files.eu.acme.example"] = other.url();
  options.endpoints["evil.example"] = other.url();
  const auto followed = [&](const std::string& location, const Ask& ask = {}) {
    serve(answering({to(location)}));
    link.http.reset();
    const Got got = send(ask);
    EXPECT_EQ(got.result, STOKER_OK);
    return std::to_string(got.status) + " " + got.body;
  };
  EXPECT_EQ(followed("https://files.eu.acme.example/x"), "200 other");
  EXPECT_EQ(followed("https://files.eu.acme.example/x", {.secrets = {{"Authorization", "Bearer ", "token"}}}),
            "302 moved");
  EXPECT_EQ(followed("https://files.eu.acme.example/x", {.headers = {{"authorization", "signed"}}}), "302 moved");
  EXPECT_EQ(followed("https://evil.example/x"), "302 moved");
  EXPECT_EQ(followed("http://files.eu.acme.example/x"), "302 moved");
  EXPECT_EQ(followed("http://api.acme.example/x"), "302 moved");
  EXPECT_EQ(followed("https://me:pw@files.eu.acme.example/x"), "302 moved");
  EXPECT_EQ(followed("ftp://files.eu.acme.example/x"), "302 moved");
  EXPECT_EQ(followed("/x", {.method = "POST"}), "302 moved");
  EXPECT_EQ(other.requests().size(), 1u);
}

TEST_F(HttpRetry, ARoundTripOfRedirectsEnds) {
  serve(answering({to("/again")}));
  const Got got = send({.method = "HEAD"});
  EXPECT_EQ(got.status, 302);
  EXPECT_EQ(server->requests().size(), 6u);
}

}  // namespace
}  // namespace stoker::plugin_host
