// What is Vast's own: a market, containers that start by a script and can end themselves, refusals of every kind.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

class Vast : public CloudTest {
 protected:
  void start(double how_fast, const std::string& machines) {
    start_cloud(how_fast, machines, {"--cloud", "vast"});
    enable({"vast"});
    start_fast_agent();
    connect("vast");
  }
  void set(const std::string& settings) const { order("/settings", R"({"cloud":"vast","settings":)" + settings + "}"); }
  [[nodiscard]] bool has_made(int64_t instances) const {
    return eventually([&] { return judgement("vast")["creates"].integer() >= instances; }, 60'000);
  }
  [[nodiscard]] static std::string h100(const std::string& run = "true") {
    return cloud_job("vast", run, R"("resources":{"gpu":"H100:1"})");
  }
  // Of all machines that were.
  [[nodiscard]] std::string sshd_log() const {
    std::string logs;
    for (const auto& file : std::filesystem::directory_iterator(cloud_folder / "machines"))
      if (file.path().extension() == ".log") logs += content(file.path());
    return logs;
  }
  // The reasons of the attempts that came to nothing, and the end of the job.
  std::string expect_second_attempt(const std::string& id) {
    const Json ended = await_end(id);
    EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
    const auto attempts = ended["attempts"].items();
    EXPECT_EQ(attempts.size(), 2U) << ended.dump();
    expect_nothing_left("vast");
    return attempts.front()["reason"].text();
  }
};

TEST_F(Vast, AContainerThatNoAgentTakesUpEndsItself) {
  start(100, "sshd");
  (void)submit(h100());
  ASSERT_TRUE(has_made(1));
  kill_agent();
  EXPECT_TRUE(eventually([&] { return history("\"ends-itself\"").size() == 1; }, 60'000));
  EXPECT_EQ(judgement("vast")["alive"].dump(), "[]");
}

TEST_F(Vast, AContainerThatIsTakenUpDoesNot) {
  start(100, "sshd");
  const std::string id = submit(h100("sleep 25"));  // real: longer than the grace
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_EQ(history("\"ends-itself\"").size(), 0U);
  expect_nothing_left("vast");
}

// Until then sshd shows a key of its own, and is told nothing.
TEST_F(Vast, ALateStartScriptIsWaitedFor) {
  start(10, "sshd");
  set(R"({"script_awaits_contact":true})");
  const std::string id = submit(h100());
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_THAT(sshd_log(), testing::HasSubstr("[preauth]"));
  expect_nothing_left("vast");
}

TEST_F(Vast, ItIsFoundAtItsNewPortAfterARestart) {
  start(20, "sshd");
  const std::string id = submit(h100("sleep 60"));
  await_state(id, "running");
  const Json before = Json::parse(api().call("GET", "/v1/instances").body, "instances")["data"].items().at(0);
  order("/machines/" + before["cloud_id"].text() + "/power_on", "{}");
  const Json ended = await_end(id);
  // It was reached: what it says is that the training is not there any more.
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_THAT(ended["reason"].text(), testing::Not(testing::HasSubstr("reach"))) << ended.dump();
  expect_nothing_left("vast");
}

TEST_F(Vast, AHostThatNeverComesUpIsLeftForTheNext) {
  start(40, "sshd");
  set(R"({"boot_s":100000})");
  const std::string id = submit(h100());
  ASSERT_TRUE(has_made(1));
  set(R"({"boot_s":30})");
  EXPECT_EQ(expect_second_attempt(id), "it had no address after 20 minutes");
}

TEST_F(Vast, AHostThatRunsAndCanNotBeReachedIsLeftForTheNext) {
  start(40, "sshd");
  set(R"({"ssh_s":100000})");
  const std::string id = submit(h100());
  ASSERT_TRUE(has_made(1));
  await_state(id, "connecting");
  set(R"({"ssh_s":2})");
  EXPECT_THAT(expect_second_attempt(id), testing::StartsWith("it could not be reached: "));
}

TEST_F(Vast, AHostThatSaysWhyItNeverWillIsLeftAtOnce) {
  start(20, "sshd");
  set(R"({"boot_s":100000,"status_msg":"Error response from daemon: manifest unknown"})");
  const std::string id = submit(h100());
  EXPECT_TRUE(eventually([&] { return judgement("vast")["deletes"].integer() == 1; }, 60'000));
  set(R"({"boot_s":30,"status_msg":""})");
  EXPECT_THAT(expect_second_attempt(id), testing::HasSubstr("manifest unknown"));
}

TEST_F(Vast, AnInstanceInsideARefusalIsDeleted) {
  start(20, "sshd");
  set(R"({"refuses_and_makes":true})");
  const std::string id = submit(h100());
  ASSERT_TRUE(has_made(1));
  set(R"({"refuses_and_makes":false})");
  EXPECT_THAT(expect_second_attempt(id), testing::HasSubstr("before it was ever used"));
  EXPECT_EQ(judgement("vast")["creates"].integer(), 2);
}

TEST_F(Vast, APriceThatJumpsBetweenSearchAndRentIsNotPaid) {
  start(20, "sshd");
  fault(R"({"cloud":"vast","operation":"bundles","next":1,"skip":1,"fault":"refuse","status":503})");
  const std::string id = submit(h100());
  // The price is looked up again before anything is rented; meanwhile the cheapest has become the dearest.
  EXPECT_TRUE(eventually([&] { return history("\"bundles\"").size() >= 3; }));
  order("/prices", R"({"cloud":"vast","type":"1x_H100_SXM","micros_per_hour":99000000})");
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  EXPECT_EQ(ended["attempts"].items().front()["reason"].text(), "vast: 1x_H100_SXM costs more than was quoted");
  EXPECT_EQ(ended["attempts"].items().back()["machine"].text(), "1x_H100_NVL");
  EXPECT_EQ(judgement("vast")["creates"].integer(), 1) << "nothing dear was rented";
  expect_nothing_left("vast");
}

TEST_F(Vast, AKeyWithoutAPermissionIsRefusedWhenItIsConnected) {
  start_cloud(50, "none", {"--cloud", "vast"});
  enable({"vast"});
  start_fast_agent();
  const Json without = Json::parse(content(cloud_folder / "credentials.json"), "credentials")["vast"]["without"];
  for (const char* scope : {"misc", "user_read", "instance_read", "instance_write"}) {
    const Answer answer = post_account("vast", without[scope].text());
    EXPECT_EQ(answer.status, 403) << answer.body;
    EXPECT_THAT(answer.body, testing::HasSubstr(std::string("(") + scope + ")"));
  }
  EXPECT_THAT(post_account("vast", "made-up").body, testing::HasSubstr("Invalid user key"));
  const Answer answer = api().call("POST", "/v1/accounts",
                                   R"({"provider":"vast","values":{"min_reliability":"97",
                                   "api_key":)" +
                                       json_text(credential("vast")) + "}}");
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_THAT(answer.body, testing::HasSubstr("min_reliability is not from 0 to 1"));
}

}  // namespace
}  // namespace stoker::e2e
