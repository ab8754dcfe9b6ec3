// Tokens of apps over HTTP: made, used, listed, revoked, and what is said of bad ones.
#include <simdjson.h>

#include <atomic>
#include <thread>

#include "core/store/tokens.h"
#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

class TokensTest : public World {
 protected:
  void SetUp() override { serve(); }

  Answer call(const std::string& method, const std::string& path, const std::string& token, const Fields& fields = {},
              const std::string& body = {}) {
    RawClient client(server->port());
    return client.call(method, path, token, fields, body);
  }
  Answer make(const std::string& body) {
    return call("POST", "/v1/tokens", kAdmin, {{"Content-Type", "application/json"}}, body);
  }
  static std::string text_of(const Answer& answer, std::string_view key) {
    simdjson::dom::parser parser;
    std::string_view value;
    return parser.parse(answer.body)[key].get(value) == simdjson::SUCCESS ? std::string(value) : "";
  }
  // "STATUS field | detail | hint"
  static std::string problem(const Answer& answer) {
    return std::to_string(answer.status) + " " + text_of(answer, "field") + " | " + text_of(answer, "detail") + " | " +
           text_of(answer, "hint");
  }
  std::vector<store::TokenRow> live() {
    return db.read([](store::Connection& c) { return store::Tokens(c).live(); });
  }
};

TEST_F(TokensTest, AMadeOneWorksAtOnceAndARevokedOneNoLonger) {
  const Answer made = make(R"({"name":"chatmle","origins":["app://desk","app://desk","http://localhost:9"]})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = text_of(made, "token"), id = text_of(made, "id");
  EXPECT_EQ(made.field("Location"), "/v1/tokens/" + id);
  EXPECT_TRUE(secret.starts_with("sk-stoker-"));
  EXPECT_EQ(secret.size(), 53U);
  EXPECT_NE(made.body.find(R"("scope":"run","origins":["app://desk","http://localhost:9"])"), std::string::npos);

  const Fields from = {{"Origin", "app://desk"}};
  const Answer used = call("GET", "/v1/jobs", secret, from);
  EXPECT_EQ(used.status, 200);
  EXPECT_EQ(used.field("Access-Control-Allow-Origin"), "app://desk");
  EXPECT_EQ(call("OPTIONS", "/openai/v1/files", "", from).status, 204);
  EXPECT_EQ(call("GET", "/v1/tokens", secret, from).status, 403) << "its scope is run";
  EXPECT_EQ(problem(call("GET", "/v1/jobs", secret, {{"Origin", kOrigin}})),
            "403  | token chatmle belongs to another origin | make a token for this origin");
  EXPECT_EQ(problem(call("GET", "/v1/jobs", secret)),
            "403  | token chatmle belongs to the origin app://desk, and this call names none | make a token without "
            "--origin for what is no web page");

  EXPECT_EQ(call("DELETE", "/v1/tokens/" + id, kAdmin).status, 204);
  EXPECT_EQ(problem(call("GET", "/v1/jobs", secret, from)),
            "403  | this origin may not call the agent | make a token for it with stoker tokens create --origin, or "
            "list it under api.origins in the configuration");
  EXPECT_EQ(problem(call("DELETE", "/v1/tokens/" + id, kAdmin)),
            "404  | there is no token " + id + " | stoker tokens lists them");
}

TEST_F(TokensTest, ARevokedOneWithoutOriginsIsUnknown) {
  const Answer made = make(R"({"name":"script"})");
  const std::string secret = text_of(made, "token");
  EXPECT_EQ(call("GET", "/openai/v1/none", secret).status, 404);
  EXPECT_EQ(call("DELETE", "/v1/tokens/" + text_of(made, "id"), kAdmin).status, 204);
  const Answer refused = call("GET", "/openai/v1/none", secret);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body,
            R"({"error":{"message":"this token is not known; stoker tokens create makes one for an app; the file )"
            R"(`token` in the state folder holds the admin's","type":"authentication_error","param":null,)"
            R"("code":"invalid_api_key"}})");
}

TEST_F(TokensTest, TheStreamsOfARevokedOneEnd) {
  const Answer made = make(R"({"name":"phone"})");
  add_job("job1", store::JobState::running, "phone");
  append("job1", "log", R"({"text":"the first"})");
  RawClient revoked(server->port()), other(server->port());
  revoked.send(revoked.request("GET", "/v1/jobs/job1/events", text_of(made, "token")));
  other.send(other.request("GET", "/v1/jobs/job1/events", kAdmin));
  for (RawClient* client : {&revoked, &other}) {
    std::string bytes;
    while (bytes.find("the first") == std::string::npos) ASSERT_TRUE(client->receive(bytes));
  }
  EXPECT_EQ(call("DELETE", "/v1/tokens/" + text_of(made, "id"), kAdmin).status, 204);
  const int64_t revoked_ms = clock.mono_ms();
  revoked.read_to_end();
  EXPECT_LT(clock.mono_ms() - revoked_ms, 5000) << "it went on";
  append("job1", "log", R"({"text":"the second"})");
  std::string bytes;
  while (bytes.find("the second") == std::string::npos) ASSERT_TRUE(other.receive(bytes));
}

TEST_F(TokensTest, TheSecretIsInNoListAndNotInTheStore) {
  const std::string secret = text_of(make(R"({"name":"chatmle"})"), "token");
  const Answer list = call("GET", "/v1/tokens", kAdmin);
  EXPECT_EQ(list.status, 200);
  EXPECT_NE(list.body.find(R"("name":"chatmle")"), std::string::npos);
  EXPECT_EQ(list.body.find(secret), std::string::npos);
  EXPECT_EQ(list.body.find("sha256"), std::string::npos);
  for (const char* file : {"stoker.db", "stoker.db-wal"})
    EXPECT_EQ(read_file(folder.path() / file).find(secret), std::string::npos) << file;
}

TEST_F(TokensTest, AreThereForTheNextAgent) {
  const std::string secret = text_of(make(R"({"name":"chatmle"})"), "token");
  server.reset();
  serve();
  EXPECT_EQ(call("GET", "/v1/jobs", secret).status, 200);
  EXPECT_EQ(problem(make(R"({"name":"chatmle"})")).substr(0, 4), "409 ");
}

TEST_F(TokensTest, RememberTheirUseToTheHour) {
  const std::string secret = text_of(make(R"({"name":"chatmle"})"), "token");
  EXPECT_EQ(live().at(0).last_used_ms, 0);
  EXPECT_NE(call("GET", "/v1/tokens", kAdmin).body.find(R"("last_used_ms":null)"), std::string::npos);
  call("GET", "/v1/jobs", secret);
  const int64_t used_ms = live().at(0).last_used_ms;
  EXPECT_NEAR(static_cast<double>(used_ms), static_cast<double>(clock.wall_ms()), 60'000);
  call("GET", "/v1/jobs", secret);
  EXPECT_EQ(live().at(0).last_used_ms, used_ms);
}

TEST_F(TokensTest, ANameIsTakenUntilItsTokenIsRevokedOrReplaced) {
  const Answer first = make(R"({"name":"chatmle"})");
  EXPECT_EQ(problem(make(R"({"name":"chatmle"})")),
            "409 name | the name chatmle is taken by token " + text_of(first, "id") +
                " | choose another name, revoke that token first, or replace it");
  const Answer second = make(R"({"name":"chatmle","replace":true})");
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(call("GET", "/v1/jobs", text_of(first, "token")).status, 401);
  EXPECT_EQ(call("GET", "/v1/jobs", text_of(second, "token")).status, 200);
  EXPECT_EQ(live().size(), 1U);
  // The jobs of a name stay its own.
  add_job("j", store::JobState::running, "chatmle");
  EXPECT_EQ(call("GET", "/v1/jobs/j", text_of(second, "token")).status, 200);
}

TEST_F(TokensTest, RefusesWhatIsNoNameOrNoOrigin) {
  const std::string name = "400 name | the name of a token is 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.' | ";
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("../x"), std::string("\xC3\xBC"), std::string(65, 'a')})
    EXPECT_EQ(problem(make(R"({"name":")" + bad + "\"}")), name) << bad;
  EXPECT_EQ(problem(make("{}")), name);
  EXPECT_EQ(problem(make(R"({"name":"admin"})")), "400 name | the name admin is the agent's own | ");
  const auto origin = [&](const std::string& text) {
    return problem(make(R"({"name":"x","origins":[")" + text + "\"]}"));
  };
  const std::string hint =
      " | write it as the browser sends it, for example https://app.example or http://localhost:5173";
  EXPECT_EQ(origin("https://x/y"), "400 origins | `https://x/y` is no origin: it has a path" + hint);
  EXPECT_EQ(origin("*"), "400 origins | `*` is no origin: there are no wildcards" + hint);
  EXPECT_EQ(origin("null"), "400 origins | `null` is no origin: `null` is what any sandboxed page sends" + hint);
  EXPECT_EQ(problem(make(R"({"name":"x","origins":"https://x"})")), "400 origins | origins is not a list of texts | ");
  EXPECT_EQ(problem(make(R"({"name":"x","origins":[1]})")), "400 origins | origins is not a list of texts | ");
  EXPECT_EQ(problem(make(R"({"name":"x","scope":"admin"})")),
            "400 scope | there is no key scope | GET /openapi.json tells the keys");
  EXPECT_EQ(problem(make(R"({"name":5})")), "400 name | name is not text | ");
  EXPECT_EQ(problem(make("[]")), "400  | the body is not a JSON object | ");
  EXPECT_TRUE(live().empty());
}

TEST_F(TokensTest, AreTheAdminsAlone) {
  EXPECT_EQ(call("GET", "/v1/tokens", kApp).status, 403);
  EXPECT_EQ(call("POST", "/v1/tokens", kApp, {{"Content-Type", "application/json"}}, R"({"name":"x"})").status, 403);
  EXPECT_EQ(call("DELETE", "/v1/tokens/x", kApp).status, 403);
}

TEST_F(TokensTest, ComeAndGoWhileManyCall) {
  std::vector<std::thread> callers;
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      while (!stop) wrong += call("GET", "/v1/health", "").status != 200 || call("GET", "/v1/jobs", kApp).status != 200;
    });
  for (int i = 0; i < 20; ++i) {
    const Answer made = make(R"({"name":"busy","replace":true})");
    EXPECT_EQ(call("GET", "/v1/jobs", text_of(made, "token")).status, 200);
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace stoker::api
