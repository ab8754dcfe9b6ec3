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
  const Answer answer = call("OPTIONS", "/v1/jobs", "", {{"Origin", kOrigin}});
  EXPECT_EQ(answer.status, 204);
  EXPECT_NE(answer.field("Access-Control-Allow-Headers").find("Authorization"), std::string::npos);
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
