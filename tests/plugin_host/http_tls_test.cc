// Whom the service believes: real handshakes with certificates that have one fault each.
#include <cstdlib>

#include "tests/plugin_host/authority.h"
#include "tests/plugin_host/http_case.h"
#include "tests/plugin_host/resolver_double.h"

namespace stoker::plugin_host {
namespace {

constexpr char kDoHint[] = "add its authority to the roots of this system, or correct http.endpoints";

class HttpTls : public HttpCase<SystemClock> {
 protected:
  HttpTls() {
    std::string name = (std::filesystem::temp_directory_path() / "stoker-roots-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    authority.write(folder / "roots.pem");
    ::setenv("SSL_CERT_FILE", (folder / "roots.pem").c_str(), 1);
    ::setenv("SSL_CERT_DIR", folder.c_str(), 1);
  }
  ~HttpTls() override { std::filesystem::remove_all(folder); }

  // The plugin's host is served over TLS under the name of `host`.
  void serve_tls(ServerContext context, const std::string& host = "loopback.test",
                 LoopbackServer::Script script = answering({answer(200, "ok")})) {
    server.reset();
    contexts.push_back(std::move(context));
    server.emplace(std::move(script), contexts.back().get());
    options.endpoints["api.acme.example"] = "https://" + host + ":" + std::to_string(server->port());
    link.http.reset();
  }

  // Refused at once, whatever the request is; with the reason and the way out.
  void expect_untrusted(const std::string& host, const std::string& reason, const std::string& hint = kDoHint) {
    for (const int32_t retry : {STOKER_RETRY_ALWAYS, STOKER_RETRY_NEVER}) {
      const int before = server->connections();
      const Got got = send({.retry = retry, .secrets = {{"Authorization", "Bearer ", "token"}}});
      EXPECT_EQ(got.words(), "invalid | GET https://api.acme.example/v1/offers: the certificate of " + host +
                                 " does not verify: " + reason + " | " + hint);
      EXPECT_EQ(server->connections(), before + 1);
    }
    EXPECT_THAT(server->requests(), testing::IsEmpty());
  }

  std::filesystem::path folder;
  Authority authority;
  std::vector<ServerContext> contexts;
};

TEST_F(HttpTls, AKnownAuthorityIsBelieved) {
  serve_tls(authority.signed_for({"DNS:loopback.test"}));
  EXPECT_EQ(send({}).body, "ok");
  EXPECT_EQ(send({}).body, "ok");
  EXPECT_EQ(server->connections(), 1) << "a connection with TLS is used again too";
  EXPECT_THAT(server->requests()[1], testing::HasSubstr("\r\nHost: api.acme.example\r\n"));
  EXPECT_EQ(send({.method = "POST", .retry = STOKER_RETRY_NEVER, .body = "x"}).body, "ok");
  serve_tls(authority.signed_for({"DNS:other.test, DNS:*.loopback.test"}), "eu.loopback.test");
  EXPECT_EQ(send({}).body, "ok");
  serve_tls(authority.signed_for({"IP:127.0.0.1"}), "127.0.0.1");
  EXPECT_EQ(send({}).body, "ok");
}

TEST_F(HttpTls, AnotherHostsCertificateIsNot) {
  serve_tls(authority.signed_for({"DNS:other.test"}));
  expect_untrusted("loopback.test", "hostname mismatch");
  serve_tls(authority.signed_for({"DNS:other.test"}), "localhost");
  expect_untrusted("localhost", "hostname mismatch");
  serve_tls(authority.signed_for({"DNS:127.0.0.1"}), "127.0.0.1");
  expect_untrusted("127.0.0.1", "IP address mismatch");
}

TEST_F(HttpTls, NorOneThatNobodyKnowsSigned) {
  serve_tls(Authority("Nobody's Authority").signed_for({"DNS:loopback.test"}));
  expect_untrusted("loopback.test", "unable to get local issuer certificate");
  serve_tls(Authority::self_signed({"DNS:loopback.test"}));
  expect_untrusted("loopback.test", "self-signed certificate");
}

TEST_F(HttpTls, NorOneOutOfItsTime) {
  const std::string hint = "set the clock of this machine, or let the server have a valid certificate";
  serve_tls(authority.signed_for({"DNS:loopback.test", -7200, -3600}));
  expect_untrusted("loopback.test", "certificate has expired", hint);
  serve_tls(authority.signed_for({"DNS:loopback.test", 3600, 7200}));
  expect_untrusted("loopback.test", "certificate is not yet valid", hint);
}

TEST_F(HttpTls, OldVersionsAreRefused) {
  ServerContext old = authority.signed_for({"DNS:loopback.test"});
  SSL_CTX_set_security_level(old.get(), 0);
  SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  serve_tls(std::move(old));
  const Got got = send({.retry = STOKER_RETRY_NEVER});
  EXPECT_EQ(got.result, STOKER_E_UNAVAILABLE);
  EXPECT_THAT(got.message, testing::HasSubstr("the TLS handshake with loopback.test: "));
  EXPECT_THAT(server->requests(), testing::IsEmpty());
  ServerContext oldest_good = authority.signed_for({"DNS:loopback.test"});
  SSL_CTX_set_max_proto_version(oldest_good.get(), TLS1_2_VERSION);
  serve_tls(std::move(oldest_good));
  EXPECT_EQ(send({}).body, "ok");
}

TEST_F(HttpTls, AServerWithoutTlsIsNoneOfHttps) {
  serve([](Peer& peer) { peer.write(answer(400, "speak up")); });
  options.endpoints["api.acme.example"] = server->url("https");
  EXPECT_EQ(
      send({.method = "POST", .retry = STOKER_RETRY_NEVER}).words(),
      "unavailable | POST https://api.acme.example/v1/offers: the TLS handshake with 127.0.0.1: wrong version number | "
      "try again later; if it goes on, check the network of this machine and http.proxy");
}

TEST_F(HttpTls, AnEndWithoutNoticeIsACut) {
  const std::string begun = "HTTP/1.1 200 OK\r\n\r\nall of it?";
  serve_tls(authority.signed_for({"DNS:loopback.test"}), "loopback.test", [begun](Peer& peer) {
    peer.read_request();
    peer.write(begun);
    if (peer.number() == 0) peer.end_tls();
  });
  EXPECT_EQ(send({.retry = STOKER_RETRY_NEVER}).body, "all of it?");
  EXPECT_EQ(
      send({.retry = STOKER_RETRY_NEVER}).words(),
      "unknown_outcome | GET https://api.acme.example/v1/offers: reading the answer: unexpected eof while reading; "
      "whether the request was carried out is not known | look at what the account has before it is asked for "
      "again");
}

TEST_F(HttpTls, MuchGoesBothWays) {
  const std::string megabytes(10 << 20, 'y');
  serve_tls(authority.signed_for({"DNS:loopback.test"}), "loopback.test", answering({answer(200, megabytes)}));
  const Got got = send({.method = "PUT", .body = std::string(5 << 20, 'x'), .max_response_bytes = 16 << 20});
  EXPECT_EQ(got.status, 200) << got.words();
  EXPECT_TRUE(got.body == megabytes);
  EXPECT_TRUE(server->requests()[0].ends_with("\r\n\r\n" + std::string(5 << 20, 'x')));
}

TEST_F(HttpTls, ManyThreadsShareOneTransport) {
  serve_tls(authority.signed_for({"DNS:loopback.test"}));
  client();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) EXPECT_EQ(send({}).body, "ok");
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server->connections(), 80);
  EXPECT_EQ(server->requests().size(), 80u);
}

// Through a proxy.

// Grants each CONNECT and is the server behind it as well.
LoopbackServer::Script granting(SSL_CTX* context) {
  return [context](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 Connection established\r\nVia: proxy\r\n\r\n");
    if (peer.start_tls(context)) answering({answer(200, "ok")})(peer);
  };
}

TEST_F(HttpTls, AProxyIsAskedForTheHostAndSeesNothing) {
  const ServerContext context = authority.signed_for({"DNS:api.acme.example"});
  LoopbackServer proxy(granting(context.get()));
  options.proxy = proxy.url();
  const Ask ask{.secrets = {{"Authorization", "Bearer ", "token"}}};
  EXPECT_EQ(send(ask).body, "ok");
  EXPECT_EQ(send(ask).body, "ok");
  EXPECT_EQ(proxy.connections(), 1);
  const auto requests = proxy.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0], "CONNECT api.acme.example:443 HTTP/1.1\r\nHost: api.acme.example:443\r\n\r\n");
  EXPECT_THAT(requests[1], testing::StartsWith("GET /v1/offers HTTP/1.1\r\nHost: api.acme.example\r\n"));
}

TEST_F(HttpTls, AProxyCanNotPoseAsTheHost) {
  const ServerContext context = authority.signed_for({"DNS:proxy.test"});
  LoopbackServer proxy(granting(context.get()));
  options.proxy = proxy.url();
  EXPECT_THAT(send({}).words(),
              testing::StartsWith("invalid | GET https://api.acme.example/v1/offers: the certificate of "
                                  "api.acme.example does not verify: hostname mismatch | "));
  EXPECT_EQ(proxy.requests().size(), 1u);
}

TEST_F(HttpTls, AProxyMayRefuse) {
  for (const int status : {403, 407, 502}) {
    LoopbackServer proxy(answering({answer(status, "no")}));
    options.proxy = proxy.url();
    link.http.reset();
    EXPECT_EQ(send({.method = "POST", .retry = STOKER_RETRY_NEVER}).words(),
              "unavailable | POST https://api.acme.example/v1/offers: asking the proxy " + proxy.url().substr(7) +
                  " for api.acme.example:443: it answered " + std::to_string(status) + " | check http.proxy");
  }
  options.proxy = "http://127.0.0.1:1";
  link.http.reset();
  EXPECT_THAT(
      send({.method = "POST", .retry = STOKER_RETRY_NEVER}).words(),
      testing::StartsWith("unavailable | POST https://api.acme.example/v1/offers: connecting to 127.0.0.1:1: "));
}

TEST_F(HttpTls, WithoutTlsAProxyGetsTheWholeUrl) {
  LoopbackServer proxy(answering({answer(200, "ok")}));
  options.proxy = proxy.url();
  options.endpoints["api.acme.example"] = "http://127.0.0.1:4001/acme";
  EXPECT_EQ(send({}).body, "ok");
  EXPECT_THAT(proxy.requests()[0],
              testing::StartsWith("GET http://127.0.0.1:4001/acme/v1/offers HTTP/1.1\r\nHost: api.acme.example\r\n"));
}

TEST_F(HttpTls, TheProxiesOfTheEnvironmentAreIgnored) {
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
    ::setenv(name, "http://127.0.0.1:1", 1);
  serve_tls(authority.signed_for({"DNS:loopback.test"}));
  EXPECT_EQ(send({}).body, "ok");
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
    ::unsetenv(name);
}

}  // namespace
}  // namespace stoker::plugin_host
