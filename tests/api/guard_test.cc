#include <set>

#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

class GuardTest : public World {
 protected:
  void SetUp() override { serve(); }

  Answer call(const std::string& method, const std::string& path, const std::string& token,
              const std::vector<std::pair<std::string, std::string>>& fields = {}, const std::string& body = {}) {
    RawClient client(server->port());
    return client.call(method, path, token, fields, body);
  }
};

std::string example_path(std::string path) {
  for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{'))
    path.replace(at, path.find('}') - at + 1, "none");
  return path;
}

TEST_F(GuardTest, NoRouteAndNoMethodIsOpenToStrangers) {
  const std::string host = "127.0.0.1:" + std::to_string(server->port());
  for (const Route& route : routes()) {
    const std::string path = example_path(route.path);
    for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "ODD"}) {
      SCOPED_TRACE(std::string(method) + " " + path);
      const bool open = route.scope == Scope::none && std::string(method) == route.method;
      EXPECT_EQ(call(method, path, "").status, open ? 200 : 401);
      EXPECT_EQ(call(method, path, "wrong").status, open ? 200 : 401);
      for (const std::string& bad : std::vector<std::string>{"evil.example", "127.0.0.1:1", "127.0.0.1",
                                                             "LOCALHOST:" + host.substr(10), "", host + "."}) {
        const Answer answer = call(method, path, kAdmin, {{"Host", bad}});
        EXPECT_EQ(answer.status, 421) << bad;
        EXPECT_EQ(answer.body, "");
      }
      for (const char* origin : {"https://evil.example", "null", "https://app.example.evil", "https://app.exampl",
                                 "http://app.example", ""}) {
        const Answer answer = call(method, path, kAdmin, {{"Origin", origin}});
        EXPECT_EQ(answer.status, 403) << origin;
        EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "");
      }
      EXPECT_EQ(call(method, path, kAdmin, {{"Sec-Fetch-Site", "cross-site"}}).status, 403);
    }
  }
}

TEST_F(GuardTest, AnAdminTokenIsNotForWebPagesNorAWebTokenForOthers) {
  EXPECT_EQ(call("GET", "/v1/jobs", kAdmin).status, 200);
  EXPECT_EQ(call("GET", "/v1/jobs", kAdmin, {{"Origin", kOrigin}}).status, 403);
  EXPECT_EQ(call("GET", "/v1/jobs", kWeb).status, 403);
  const Answer answer = call("GET", "/v1/jobs", kWeb, {{"Origin", kOrigin}, {"Sec-Fetch-Site", "cross-site"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), kOrigin);
  EXPECT_EQ(answer.field("Vary"), "Origin");
}

TEST_F(GuardTest, AnswersAPreflightOfAnAllowedOriginWithoutAToken) {
  const Answer answer = call("OPTIONS", "/openai/v1/files", "", {{"Origin", kOrigin}});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), kOrigin);
  const std::string allowed = ", " + answer.field("Access-Control-Allow-Headers") + ",";
  for (const char* name : {"Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Range",
                           "OpenAI-Organization", "OpenAI-Project", "X-Stainless-Lang", "X-Stainless-Package-Version",
                           "X-Stainless-OS", "X-Stainless-Arch", "X-Stainless-Runtime", "X-Stainless-Runtime-Version",
                           "X-Stainless-Retry-Count", "X-Stainless-Timeout", "X-Stainless-Helper-Method"})
    EXPECT_NE(allowed.find(", " + std::string(name) + ","), std::string::npos) << name;
  EXPECT_EQ(answer.field("Access-Control-Expose-Headers"),
            "Location, Content-Range, Retry-After, Retry-After-Ms, X-Request-Id, X-Should-Retry");
  EXPECT_EQ(answer.field("Access-Control-Allow-Private-Network"), "");
}

TEST_F(GuardTest, LetsOnlyAnAllowedOriginReachThisComputer) {
  const auto ask = [&](const std::string& origin) {
    return call("OPTIONS", "/v1/jobs", "", {{"Origin", origin}, {"Access-Control-Request-Private-Network", "true"}});
  };
  EXPECT_EQ(ask(kOrigin).field("Access-Control-Allow-Private-Network"), "true");
  EXPECT_EQ(ask(kTokenOrigin).field("Access-Control-Allow-Private-Network"), "true");
  const Answer stranger = ask("https://evil.example");
  EXPECT_EQ(stranger.status, 403);
  EXPECT_EQ(stranger.field("Access-Control-Allow-Private-Network"), "");
  EXPECT_EQ(stranger.field("Access-Control-Allow-Origin"), "");
}

TEST_F(GuardTest, TheOriginsOfATokenAreAllowedForItAlone) {
  const Answer answer = call("GET", "/v1/jobs", kDesk, {{"Origin", kTokenOrigin}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), kTokenOrigin);
  EXPECT_EQ(call("GET", "/v1/jobs", kDesk, {{"Origin", "http://tauri.localhost"}}).status, 200);
  const auto why = [&](const char* token, const std::vector<std::pair<std::string, std::string>>& fields) {
    const Answer refused = call("GET", "/openai/v1/models", token, fields);
    EXPECT_EQ(refused.status, 403);
    const size_t from = refused.body.find(":\"", 8) + 2;
    return refused.body.substr(from, refused.body.find('"', from) - from);
  };
  EXPECT_EQ(why(kDesk, {{"Origin", kOrigin}}), "token desk belongs to another origin; make a token for this origin");
  EXPECT_EQ(why(kWeb, {{"Origin", kTokenOrigin}}), "token web belongs to another origin; make a token for this origin");
  EXPECT_EQ(why(kApp, {{"Origin", kTokenOrigin}}),
            "token app may not be used by a web page; make a token for this origin");
  EXPECT_EQ(why(kDesk, {}),
            "token desk belongs to the origin tauri://localhost, and this call names none; make a token without "
            "--origin for what is no web page");
}

TEST_F(GuardTest, EveryAnswerHasAnIdOfItsOwn) {
  std::set<std::string> ids;
  for (const Answer& answer : {call("GET", "/v1/health", ""), call("GET", "/v1/jobs", ""), call("GET", "/none", kAdmin),
                               call("OPTIONS", "/v1/jobs", "", {{"Origin", kOrigin}}),
                               call("GET", "/v1/health", "", {{"Host", "x"}}), call("GET", "/ HTTP/3\r\n", "")}) {
    EXPECT_EQ(answer.field("X-Request-Id").size(), 28U);
    ids.insert(answer.field("X-Request-Id"));
  }
  EXPECT_EQ(ids.size(), 6U);
}

TEST_F(GuardTest, EveryAnswerCarriesTheSecurityHeaders) {
  for (const Answer& answer : {call("GET", "/v1/health", ""), call("GET", "/v1/jobs", ""), call("GET", "/none", kAdmin),
                               call("GET", "/v1/health", "", {{"Host", "x"}})}) {
    EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.field("Content-Security-Policy"), "default-src 'none'; sandbox; frame-ancestors 'none'");
    EXPECT_EQ(answer.field("Cache-Control"), "no-store");
    EXPECT_EQ(answer.field("Cross-Origin-Resource-Policy"), "same-origin");
  }
}

TEST_F(GuardTest, TellsWhatIsWrong) {
  EXPECT_EQ(call("GET", "/v1/jobs", "").field("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(call("GET", "/none", kApp).status, 404);
  const Answer method = call("PATCH", "/v1/jobs", kApp);
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.field("Allow"), "POST, GET");
  EXPECT_EQ(call("DELETE", "/v1/instances/x", kApp).status, 403);
  EXPECT_EQ(call("POST", "/v1/jobs", kApp, {{"Content-Type", "text/plain"}}, "{}").status, 415);
  EXPECT_EQ(call("GET", "/v1/jobs", kApp, {{"Content-Length", "1"}}).status, 413);
  EXPECT_EQ(call("GET", "/v1/jobs/%", kApp).status, 400);
  EXPECT_EQ(call("GET", "/v1/jobs/%", "").status, 401);
  const Answer absolute = call("GET", "http://127.0.0.1:" + std::to_string(server->port()) + "/v1/jobs", kApp);
  EXPECT_EQ(absolute.status, 200);
  EXPECT_EQ(call("GET", "http://evil.example/v1/jobs", kApp).status, 421);
}

}  // namespace
}  // namespace stoker::api
