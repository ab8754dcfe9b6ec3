// Tokens of apps when the agent dies around the commit that makes, replaces or revokes one.
#include <Poco/Exception.h>

#include "tests/e2e/crash_fixture.h"

namespace stoker::e2e {
namespace {

class AppTokenTest : public CrashFixture {
 protected:
  static std::string secret_of(const Result& made) {
    EXPECT_EQ(made.code, 0) << made.err;
    return made.out.substr(0, made.out.find('\n'));
  }
  [[nodiscard]] int status(const std::string& secret, const ApiClient::Fields& fields = {}) const {
    return ApiClient(port(), secret).call("GET", "/v1/jobs", {}, fields).status;
  }
  [[nodiscard]] uint16_t port() const { return static_cast<uint16_t>(std::stoi(content(state() / "port"))); }
  [[nodiscard]] Words names() const {
    Words list;
    for (const Json& one : Json::parse(cli({"tokens", "--json"}).out, "tokens")["data"].items())
      list.push_back(one["name"].text());
    return list;
  }
};

TEST_F(AppTokenTest, WorksFromItsOriginUntilItIsRevoked) {
  start_agent();
  const std::string secret = secret_of(cli({"tokens", "create", "--name", "chatmle", "--origin", "tauri://localhost"}));
  EXPECT_EQ(status(secret, {{"Origin", "tauri://localhost"}}), 200);
  EXPECT_EQ(status(secret, {{"Origin", "http://tauri.localhost"}}), 403);
  EXPECT_EQ(status(secret), 403);
  EXPECT_THAT(cli({"tokens"}).out, testing::Not(testing::HasSubstr(secret)));
  EXPECT_EQ(cli({"tokens", "revoke", "chatmle"}).code, 0);
  EXPECT_EQ(status(secret, {{"Origin", "tauri://localhost"}}), 403);
  EXPECT_THAT(agent_log(), testing::Not(testing::HasSubstr(secret)));
  const Result connected = cli({"connect", "chatmle", "--json"});
  ASSERT_EQ(connected.code, 0) << connected.err;
  const Json told = Json::parse(connected.out, "connect");
  EXPECT_EQ(told["base_url"].text(), "http://127.0.0.1:" + std::to_string(port()) + "/openai/v1");
  EXPECT_EQ(status(told["api_key"].text(), {{"Origin", "http://localhost:5173"}}), 200);
}

TEST_F(AppTokenTest, IsThereWhollyOrNotAtAllAfterACrash) {
  start_agent();
  crash_during("before create token", {"tokens", "create", "--name", "one"});
  EXPECT_THAT(names(), testing::IsEmpty());
  crash_during("after create token", {"tokens", "create", "--name", "one"});
  EXPECT_EQ(names(), Words{"one"});
  // Its secret was lost with the answer.
  EXPECT_EQ(cli({"tokens", "create", "--name", "one"}).code, 1);
  const std::string secret = secret_of(cli({"tokens", "create", "--name", "one", "--replace"}));
  EXPECT_EQ(status(secret), 200);

  crash_during("before create token", {"tokens", "create", "--name", "one", "--replace"});
  EXPECT_EQ(status(secret), 200);
  crash_during("after create token", {"tokens", "create", "--name", "one", "--replace"});
  EXPECT_EQ(status(secret), 401);
  EXPECT_EQ(names(), Words{"one"});

  const std::string last = secret_of(cli({"tokens", "create", "--name", "one", "--replace"}));
  crash_during("before revoke token", {"tokens", "revoke", "one"});
  EXPECT_EQ(status(last), 200);
  crash_during("after revoke token", {"tokens", "revoke", "one"});
  EXPECT_EQ(status(last), 401);
  EXPECT_THAT(names(), testing::IsEmpty());
}

}  // namespace
}  // namespace stoker::e2e
