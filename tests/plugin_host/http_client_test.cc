// What a plugin gets from the HTTP service when all goes well, and what it may not ask for.
#include "tests/plugin_host/http_case.h"

namespace stoker::plugin_host {
namespace {

using HttpClientTest = HttpCase<SystemClock>;

TEST_F(HttpClientTest, AnAnswerComesWithStatusHeadersAndBody) {
  serve(answering({answer(201, "made", "X-Request-Id: 7\r\n")}));
  options.endpoints["api.acme.example"] += "/acme/";
  const Got got = send({.url = "https://API.acme.example/v1/offers?limit=2", .headers = {{"Accept", "text/plain"}}});
  EXPECT_EQ(got.result, STOKER_OK) << got.words();
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.body, "made");
  EXPECT_EQ(got.header("x-request-id"), "7");
  EXPECT_EQ(got.final_url, "https://api.acme.example/v1/offers?limit=2");
  EXPECT_EQ(got.sinks, 1);
  EXPECT_EQ(got.message, "");
  EXPECT_THAT(server->requests(),
              testing::ElementsAre("GET /acme/v1/offers?limit=2 HTTP/1.1\r\nHost: api.acme.example\r\n"
                                   "User-Agent: stoker/0.1.0\r\nAccept-Encoding: gzip\r\nAccept: text/plain\r\n\r\n"));
}

TEST_F(HttpClientTest, ABodyIsSentWithItsLength) {
  serve(answering({answer(200, "")}));
  const Got got = send({.method = "POST",
                        .retry = STOKER_RETRY_NEVER,
                        .headers = {{"User-Agent", "acme"}, {"Accept-Encoding", "identity"}},
                        .body = "{\"a\":1}"});
  EXPECT_EQ(got.status, 200) << got.words();
  EXPECT_THAT(server->requests(),
              testing::ElementsAre("POST /v1/offers HTTP/1.1\r\nHost: api.acme.example\r\nUser-Agent: acme\r\n"
                                   "Accept-Encoding: identity\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
  EXPECT_EQ(send({.method = "PUT", .retry = STOKER_RETRY_NEVER}).status, 200);
  EXPECT_THAT(server->requests().back(), testing::HasSubstr("\r\nContent-Length: 0\r\n"));
  EXPECT_EQ(send({.method = "DELETE", .retry = STOKER_RETRY_NEVER}).status, 200);
  EXPECT_THAT(server->requests().back(), testing::Not(testing::HasSubstr("Content-Length")));
}

TEST_F(HttpClientTest, EveryStatusIsAnAnswer) {
  for (const int status : {400, 401, 404, 409, 500, 503}) {
    serve(answering({answer(status, "why")}));
    link.http.reset();
    const Got got = send({.method = "POST", .retry = STOKER_RETRY_NEVER});
    EXPECT_EQ(got.result, STOKER_OK);
    EXPECT_EQ(got.status, status);
    EXPECT_EQ(got.body, "why");
    EXPECT_EQ(server->connections(), 1);
  }
}

TEST_F(HttpClientTest, ASecretIsPutInAndSeenNowhereElse) {
  serve(answering({answer(200, "ok")}));
  const Ask ask{.url = "https://api.acme.example/v1?key=tok_5ecret-0f-acme",
                .secrets = {{"Authorization", "Bearer ", "token"}}};
  EXPECT_EQ(send(ask).status, 200);
  EXPECT_THAT(server->requests().front(), testing::HasSubstr("\r\nAuthorization: Bearer tok_5ecret-0f-acme\r\n"));
  options.endpoints["api.acme.example"] = "http://127.0.0.1:1";
  link.http.reset();
  Ask failing = ask;
  failing.retry = STOKER_RETRY_NEVER;
  const Got got = send(failing);
  EXPECT_EQ(got.result, STOKER_E_UNAVAILABLE);
  EXPECT_THAT(logged(), testing::HasSubstr("1 acme GET https://api.acme.example/v1 -> 200 in "));
  EXPECT_THAT(logged() + got.words(), testing::Not(testing::HasSubstr(kToken)));
}

TEST_F(HttpClientTest, ASecretThatCanNotBeSentIsTheUsersToCorrect) {
  serve(answering({answer(200, "ok")}));
  const Ask ask{.secrets = {{"X-Key", "", "token"}}};
  const std::map<std::string, std::string> faults = {
      {"", "is empty"},
      {"two\r\nlines", "holds a line break or another control character"},
      {std::string("n\0l", 3), "holds a line break or another control character"},
      {"tok ", "begins or ends with a space"},
      {"\ttok", "holds a line break or another control character"},
      {" tok", "begins or ends with a space"}};
  for (const auto& [secret, fault] : faults) {
    secrets->all["token"] = secret;
    const Got got = send(ask);
    EXPECT_EQ(got.words(), "invalid | the secret token " + fault + " | enter it again, without anything around it");
    EXPECT_EQ(got.key, "token");
  }
  secrets->all.clear();
  const Got got = send(ask);
  EXPECT_EQ(got.words(), "invalid | acme/main has no secret token | set up acme again");
  EXPECT_EQ(got.key, "token");
  EXPECT_THAT(server->requests(), testing::IsEmpty());
}

TEST_F(HttpClientTest, OnlyAnnouncedHostsAreTalkedTo) {
  serve(answering({answer(200, "ok")}));
  options.endpoints["evil.example"] = server->url();
  options.endpoints["api.acme.example.evil.example"] = server->url();
  options.endpoints["gpu.eu.acme.example"] = server->url();
  EXPECT_EQ(send({.url = "https://GPU.eu.Acme.example/"}).status, 200);
  for (const std::string host : {"evil.example", "api.acme.example.evil.example", "eu.acme.example"})
    EXPECT_EQ(
        send({.url = "https://" + host + "/x"}).words(),
        "forbidden | acme may not talk to " + host +
            ": its descriptor announces api.acme.example, *.eu.acme.example | correct the address in its set-up; if "
            "it has none, tell the plugin's author");
  allowed.clear();
  link.http.reset();
  EXPECT_THAT(send({}).message, testing::HasSubstr("its descriptor announces no host"));
  EXPECT_EQ(server->connections(), 1);
}

TEST_F(HttpClientTest, APrivateAddressIsNotTalkedTo) {
  allowed = {"*"};
  for (const std::string host : {"127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1"}) {
    const std::string name = host == "[::1]" ? "::1" : host;
    const Got got = send({.url = "https://" + host + "/latest?x=y"});
    EXPECT_EQ(got.words(), "forbidden | GET https://" + host + "/latest: " + name + " leads to " + host +
                               ":443, which is not on the Internet | if that is meant, map " + name + " to https://" +
                               name + " in http.endpoints");
  }
}

TEST_F(HttpClientTest, WithoutTlsThisMachineIsTalkedToOnlyWhereItIsAnnouncedByName) {
  serve(answering({answer(200, "ok")}));
  for (const char* pattern : {"*", "127.*", "127.0.0.?"}) {
    allowed = {pattern};
    link.http.reset();
    EXPECT_NE(send({.url = server->url() + "/x"}).status, 200) << pattern;
  }
  allowed = {"*", "plain.example", "169.254.169.254", "127.0.0.1"};
  link.http.reset();
  EXPECT_EQ(send({.url = server->url() + "/x"}).status, 200);
  EXPECT_THAT(send({.url = "http://plain.example/x"}).message, testing::HasSubstr("is without TLS"));
  EXPECT_THAT(send({.url = "http://10.0.0.1/x"}).message, testing::HasSubstr("is without TLS"));
  EXPECT_THAT(send({.url = "https://169.254.169.254/x"}).message, testing::HasSubstr("is not on the Internet"));
}

TEST_F(HttpClientTest, AUrlHasToBeStrict) {
  serve(answering({answer(200, "ok")}));
  allowed.emplace_back("plain.example");
  options.endpoints["plain.example"] = server->url();
  EXPECT_EQ(send({.url = "http://plain.example/"}).status, 200) << "an endpoint takes its traffic";
  options.endpoints.erase("plain.example");
  link.http.reset();
  EXPECT_EQ(send({.url = "http://plain.example/x"}).words(),
            "invalid | http://plain.example is without TLS | begin the address with https://");
  EXPECT_EQ(send({.url = "https://me:pw@api.acme.example/"}).words(),
            "invalid | acme: find: a URL holds a user name or a password | correct the address in its set-up");
  EXPECT_EQ(
      send({.url = ""}).words(),
      "invalid | acme: find: a URL begins neither with https:// nor with http:// | correct the address in its set-up");
}

// What a rented machine is told about itself comes without TLS, from one address.
TEST_F(HttpClientTest, OnlyTheMetadataServerNeedsNoTls) {
  options.proxy = "http://127.0.0.1:9";
  const HttpTransport transport(options, clock);
  const HttpUrl metadata = parse_url("http://169.254.169.254/computeMetadata/v1/");
  EXPECT_TRUE(transport.route(metadata, true).metadata) << "and no proxy is asked for it";
  EXPECT_THROW((void)transport.route(metadata, false), Error) << "unless the plugin names it";
  EXPECT_FALSE(transport.route(parse_url("https://169.254.169.254/"), true).metadata);
  for (const char* other : {"http://169.254.169.254:8080/", "http://169.254.169.253/", "http://10.0.0.1/"})
    EXPECT_THROW((void)transport.route(parse_url(other), true), Error) << other;
}

TEST_F(HttpClientTest, WhatOnlyThePluginCanCorrectIsItsBug) {
  serve(answering({answer(200, "ok")}));
  const auto words = [&](const std::string& what) {
    return "internal | acme: stoker.http/1 broke the contract of plugins: " + what +
           " | this is a bug of /plugins/acme.so; tell its author, or use another version";
  };
  for (const std::string name : {"Host", "content-length", "Transfer-Encoding", "connection"})
    EXPECT_THAT(send({.headers = {{name, "x"}}}).message, testing::EndsWith(" belongs to the agent")) << name;
  EXPECT_EQ(send({.headers = {{"host", "x"}}}).words(), words("the header Host belongs to the agent"));
  EXPECT_THAT(send({.secrets = {{"Host", "", "token"}}}).message, testing::EndsWith(" belongs to the agent"));
  EXPECT_EQ(send({.headers = {{"X\r\nY", "x"}}}).words(), words("a header name holds a character that none may"));
  EXPECT_EQ(send({.headers = {{"", "x"}}}).words(), words("a header name holds a character that none may"));
  EXPECT_EQ(send({.headers = {{"X", "a\r\nY: b"}}}).words(),
            words("the value of the header X holds a control character"));
  EXPECT_EQ(send({.headers = {{"X", std::string("a\0b", 3)}}}).words(),
            words("the value of the header X holds a control character"));
  EXPECT_EQ(send({.secrets = {{"X", "Bearer\n", "token"}}}).words(),
            words("the value of the header X holds a control character"));
  EXPECT_EQ(send({.method = "GET / HTTP/1.1\r\nX:"}).words(), words("the method is none of HTTP"));
  EXPECT_EQ(send({.method = "CONNECT"}).words(), words("the method CONNECT belongs to the agent"));
  EXPECT_EQ(send({.headers = std::vector<HttpField>(101, {"X", "y"})}).words(),
            words("the request has more than 100 headers"));
  stoker_call call{host, "find", {}, std::nullopt, &link};
  EXPECT_EQ(
      http_service()->send(&call, nullptr, [](void*, const stoker_http_response*) {}, nullptr), STOKER_E_INTERNAL);
  EXPECT_EQ(call.failure->message, "acme: stoker.http/1 broke the contract of plugins: the request is null");
  stoker_http_request request{};
  request.struct_size = sizeof request;
  EXPECT_EQ(http_service()->send(&call, &request, nullptr, nullptr), STOKER_E_INTERNAL);
  EXPECT_EQ(call.failure->message, "acme: stoker.http/1 broke the contract of plugins: the sink of send is null");
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(HttpClientTest, ACallWithoutAnAccountHasNoNetwork) {
  stoker_call call{host, "init", {}, std::nullopt};
  const Got got = HttpCase::send(Ask{}, call);
  EXPECT_EQ(
      got.words(),
      "unsupported | acme: init asked for stoker.http/1, and no account belongs to it | this is a bug of the plugin: "
      "the service is there in calls of a provider; tell its author");
}

TEST_F(HttpClientTest, OptionsThatAreWrongAreNamed) {
  const auto fault = [&](const HttpOptions& wrong) {
    try {
      HttpTransport transport(wrong, clock);
      return std::string("taken");
    } catch (const Error& error) {
      return error.field + " | " + error.what() + " | " + error.hint;
    }
  };
  EXPECT_EQ(fault({{{"api.acme.example", "http://10.0.0.1:80"}}, {}, {}, {}}),
            "http.endpoints | http.endpoints sends the traffic of api.acme.example to 10.0.0.1 without TLS | write "
            "https://, or name an address of this machine");
  EXPECT_EQ(fault({{{"api.acme.example", "127.0.0.1:80"}}, {}, {}, {}}),
            "http.endpoints | http.endpoints: a URL begins neither with https:// nor with http:// | write it like "
            "http://127.0.0.1:4001");
  EXPECT_THAT(fault({{{"https://a.example", "http://127.0.0.1:80"}}, {}, {}, {}}),
              testing::StartsWith("http.endpoints "));
  EXPECT_EQ(fault({{{"a.example", "http://127.0.0.1/?x"}}, {}, {}, {}}),
            "http.endpoints | http.endpoints has a query in the URL for a.example | leave it out");
  for (const char* proxy : {"https://proxy.lan:3128", "http://proxy.lan:3128/x"})
    EXPECT_EQ(fault({{}, proxy, {}, {}}),
              "http.proxy | http.proxy is not of the form http://host:port | write it like http://proxy.lan:3128");
  EXPECT_EQ(fault({{}, "http://me:pw@proxy.lan:3128", {}, {}}),
            "http.proxy | http.proxy: a URL holds a user name or a password | write it like http://127.0.0.1:4001");
  EXPECT_EQ(fault({{{"a.example", "http://[::1]:80"}, {"b.example", "https://x.lan"}}, "http://p:1", {}, {}}), "taken");
}

TEST_F(HttpClientTest, AnAnswerMayBeCompressed) {
  // printf 'hello hello hello' | gzip -n
  const std::string packed(
      "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\0\x80\x88\xf9\xe5\x11\0\0\0", 28);
  serve(answering({answer(200, packed, "Content-Encoding: gzip\r\n")}));
  const Got got = send({});
  EXPECT_EQ(got.body, "hello hello hello") << got.words();
  EXPECT_EQ(got.header("Content-Encoding"), "");
  EXPECT_EQ(got.header("Content-Length"), "");
  const std::string cut = packed.substr(0, 22);
  for (const std::string& bad : {cut, packed + "x", packed.substr(0, 10), std::string("not gzip at all, not at all")}) {
    serve(answering({answer(200, bad, "Content-Encoding: gzip\r\n")}));
    link.http.reset();
    EXPECT_EQ(
        send({.retry = STOKER_RETRY_NEVER}).message,
        "GET https://api.acme.example/v1/offers: its answer can not be read: its gzip body is damaged or cut short; "
        "whether the request was carried out is not known");
  }
}

TEST_F(HttpClientTest, InterimAnswersArePassedOver) {
  serve(answering({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(200, "ok")}));
  const Got got = send({.method = "POST", .retry = STOKER_RETRY_NEVER, .body = "x"});
  EXPECT_EQ(got.body, "ok") << got.words();
  EXPECT_EQ(got.header("Link"), "");
}

}  // namespace
}  // namespace stoker::plugin_host
