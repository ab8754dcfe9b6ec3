#include "core/api/dialect.h"

#include <simdjson.h>

#include "core/api/route.h"
#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

TEST(DialectTest, IsOpenaisUnderItsBaseOnly) {
  for (const char* target :
       {"/openai/v1", "/openai/v1/models", "/openai/v1?a=b", "http://127.0.0.1:1/openai/v1/models"})
    EXPECT_EQ(dialect_of(target), Dialect::openai) << target;
  for (const char* target : {"/", "", "*", "/openai/v10", "/openai", "/v1/jobs", "/v1/openai/v1", "http://openai/v1"})
    EXPECT_EQ(dialect_of(target), Dialect::native) << target;
}

TEST(DialectTest, EveryRouteSpeaksTheOneOfItsPath) {
  for (const Route& route : routes()) EXPECT_EQ(route.dialect, dialect_of(route.path)) << route.path;
}

TEST(DialectTest, OpenaisEnvelopeHasTheTypesThatItsClientsKnow) {
  const auto envelope = [](int status, const char* field = "") {
    return refusal_of({status, "word", "it is \"wrong\"", "do this", field}, Dialect::openai);
  };
  const Refusal plain = envelope(404, "model");
  EXPECT_EQ(plain.status, 404);
  EXPECT_STREQ(plain.content_type, "application/json");
  EXPECT_EQ(plain.body, R"({"error":{"message":"it is \"wrong\"; do this","type":"invalid_request_error",)"
                        R"("param":"model","code":"word"}})");
  EXPECT_NE(envelope(401).body.find(R"("type":"authentication_error","param":null,"code":"invalid_api_key")"),
            std::string::npos);
  EXPECT_NE(envelope(429).body.find("rate_limit_error"), std::string::npos);
  EXPECT_NE(envelope(503).body.find("server_error"), std::string::npos);
  // A 409 would be sent again.
  EXPECT_EQ(envelope(409).status, 400);
  EXPECT_EQ(refusal_of({409, "conflict", "no", {}, {}}, Dialect::native).status, 409);
}

class DialectWorld : public World {
 protected:
  void SetUp() override { serve(); }

  void expect_envelope(const Answer& answer, int status, std::string_view type, std::string_view code) {
    SCOPED_TRACE(answer.head + answer.body);
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.field("Content-Type"), "application/json");
    EXPECT_TRUE(answer.field("X-Request-Id").starts_with("req_"));
    simdjson::dom::parser parser;
    const simdjson::dom::element error = parser.parse(answer.body)["error"];
    EXPECT_EQ(std::string_view(error["type"]), type);
    EXPECT_EQ(std::string_view(error["code"]), code);
    EXPECT_FALSE(std::string_view(error["message"]).empty());
    EXPECT_TRUE(error["param"].is_null());
  }

  Answer call(const std::string& method, const std::string& path, const std::string& token,
              const std::vector<std::pair<std::string, std::string>>& fields = {}) {
    RawClient client(server->port());
    return client.call(method, path, token, fields);
  }
};

TEST_F(DialectWorld, RefusalsUnderTheBaseAreEnvelopes) {
  const std::string path = "/openai/v1/no/such/path";
  expect_envelope(call("GET", path, ""), 401, "authentication_error", "invalid_api_key");
  expect_envelope(call("GET", path, "wrong"), 401, "authentication_error", "invalid_api_key");
  expect_envelope(call("GET", path, kApp), 404, "invalid_request_error", "not_found");
  expect_envelope(call("GET", path + "/%", kApp), 400, "invalid_request_error", "invalid");
  expect_envelope(call("GET", path, kApp, {{"Origin", "https://evil.example"}}), 403, "invalid_request_error",
                  "forbidden");
  expect_envelope(call("GET", path, kApp, {{"Transfer-Encoding", "gzip"}}), 400, "invalid_request_error", "invalid");
  expect_envelope(call("GET", path, kApp, {{"bad field", "x"}}), 400, "invalid_request_error", "invalid");
  EXPECT_EQ(call("GET", path, kApp, {{"Host", "evil.example"}}).body, "");
  EXPECT_EQ(call("GET", "/v1/none", kApp).field("Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace stoker::api
