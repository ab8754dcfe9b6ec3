// What only Google does: it accepts what it will not make, checks the clock of who asks, and has its prices elsewhere.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

class GcpJob : public CloudTest {
 protected:
  void SetUp() override {
    CloudTest::SetUp();
    if (IsSkipped()) return;
    start_cloud(20, "none", {"--cloud", "gcp"});
    enable({"gcp"});
    start_fast_agent();
  }
  void set(const std::string& settings) const { order("/settings", R"({"cloud":"gcp","settings":)" + settings + "}"); }
  void sell_out(const std::string& type, const std::string& zone) const {
    order("/capacity", R"({"cloud":"gcp","type":")" + type + R"(","left":0,"region":")" + zone + "\"}");
  }
  // The job's machine is had, and let go again: it has no body to train on.
  Json had_and_cancelled(const std::string& id) const {
    EXPECT_TRUE(eventually([&] { return job_state(id) == "connecting" || !job(id)["ended_ms"].is_null(); }, 60'000));
    EXPECT_EQ(job_state(id), "connecting") << job(id).dump();
    (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
    return await_end(id);
  }
  [[nodiscard]] Json refused(const std::string& secret) const {
    const Answer answer = post_account("gcp", secret);
    EXPECT_GE(answer.status, 400) << answer.body;
    return Json::parse(answer.body, "a problem");
  }
};

TEST_F(GcpJob, AZoneWithoutGpusIsLeftForTheNext) {
  connect("gcp");
  sell_out("a2-ultragpu-1g", "us-central1-a");
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"machine":"a2-ultragpu-1g"})"));
  const Json ended = had_and_cancelled(id);
  ASSERT_EQ(ended["attempts"].items().size(), 2U) << ended.dump();
  EXPECT_THAT(ended["attempts"].items()[0]["reason"].text(), HasSubstr("does not have enough resources"));
  EXPECT_EQ(judgement("gcp")["creates"].integer(), 1);
  expect_nothing_left("gcp");
}

TEST_F(GcpJob, AMachineThatLivesThoughItsOperationFailedIsDeleted) {
  connect("gcp");
  set(R"({"error_leaves_machine":true})");
  sell_out("a2-ultragpu-1g", "us-central1-a");
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"machine":"a2-ultragpu-1g"})"));
  const Json ended = had_and_cancelled(id);
  ASSERT_EQ(ended["attempts"].items().size(), 2U) << ended.dump();
  EXPECT_THAT(ended["attempts"].items()[0]["reason"].text(), HasSubstr("does not have enough resources"));
  EXPECT_EQ(judgement("gcp")["creates"].integer(), 2);
  EXPECT_TRUE(eventually([&] { return judgement("gcp")["alive"].items().empty(); }, 30'000));
  expect_nothing_left("gcp");
}

// The operation outlasts the create: what it comes to is told while the machine is waited for.
TEST_F(GcpJob, AnOperationThatFailsLateIsHeardAllTheSame) {
  connect("gcp");
  set(R"({"stockout_s":90})");
  sell_out("a2-ultragpu-1g", "us-central1-a");
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"machine":"a2-ultragpu-1g"})"));
  const Json ended = had_and_cancelled(id);
  ASSERT_EQ(ended["attempts"].items().size(), 2U) << ended.dump();
  EXPECT_THAT(ended["attempts"].items()[0]["reason"].text(), HasSubstr("does not have enough resources"));
  expect_nothing_left("gcp");
}

TEST_F(GcpJob, APriceThatJumpsBetweenSearchAndRentIsNotPaid) {
  connect("gcp");
  fault(R"({"cloud":"gcp","operation":"skus","next":1,"skip":1,"fault":"hold-then-act"})");
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"gpu":"A100:1"})"));
  ASSERT_TRUE(eventually([&] { return !ask("/held").items().empty(); }));
  order("/prices", R"({"cloud":"gcp","type":"a2-highgpu-1g","micros_per_hour":4800000})");
  order("/release", R"({"which":"all","as":"answer"})");
  const Json ended = had_and_cancelled(id);
  EXPECT_THAT(ended["attempts"].items()[0]["reason"].text(), HasSubstr("a2-highgpu-1g costs more than was quoted"));
  const auto last = ended["attempts"].items().back();
  EXPECT_NEAR(last["per_hour"].number().value_or(0), 5.07, 0.01) << "that of an offer whose price has not changed";
  EXPECT_EQ(judgement("gcp")["creates"].integer(), 1);
  expect_nothing_left("gcp");
}

TEST_F(GcpJob, TheCloudEndsTheMachineWhereTheAgentNeverComesBack) {
  connect("gcp");
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"gpu":"A100:1"})"));
  EXPECT_TRUE(eventually([&] { return judgement("gcp")["alive"].items().size() == 1; }));
  kill_agent();
  order("/advance", R"({"ms":14400000})");
  EXPECT_EQ(judgement("gcp")["alive"].dump(), "[]");
  EXPECT_EQ(history("\"run-out\"").size(), 1U);
  expect_nothing_left("gcp");
}

TEST_F(GcpJob, AnApiThatIsNotEnabledIsSaidWithTheWayToIt) {
  set(R"({"api_enabled":false})");
  const Json problem = refused(credential("gcp"));
  EXPECT_EQ(problem["code"].text(), "forbidden");
  EXPECT_EQ(problem["field"].text(), "project");
  EXPECT_THAT(problem["detail"].text(), HasSubstr("console.developers.google.com/apis/api/compute.googleapis.com"));
  EXPECT_THAT(problem["hint"].text(), HasSubstr("enable the API"));
}

TEST_F(GcpJob, AClockThatIsWrongByAnHourIsNamed) {
  order("/advance", R"({"ms":3700000})");
  const Json problem = refused(credential("gcp"));
  EXPECT_EQ(problem["code"].text(), "auth");
  EXPECT_EQ(problem["field"].text(), "") << "the credentials are good";
  EXPECT_THAT(problem["detail"].text(), HasSubstr("reasonable timeframe"));
  EXPECT_THAT(problem["hint"].text(), testing::MatchesRegex("set the clock of this computer; Google's says .* GMT"));
}

TEST_F(GcpJob, CredentialsThatAreNoneAreSaidToBe) {
  Json problem = refused("AKIA-something-else");
  EXPECT_EQ(problem["detail"].text(), "gcp: the credentials are not a JSON file");
  EXPECT_EQ(problem["field"].text(), "credentials");
  problem = refused(R"({"type":"service_account","client_email":"a@b.example"})");
  EXPECT_EQ(problem["detail"].text(), "gcp: the credentials lack private_key");
  problem = refused(R"({"type":"service_account","client_email":"a@b.example","private_key":"hush-hush",
                        "private_key_id":"1"})");
  EXPECT_THAT(problem["detail"].text(), HasSubstr("the private key is not an RSA key in PEM"));
  EXPECT_THAT(problem.dump(), testing::Not(HasSubstr("hush-hush")));
  EXPECT_EQ(agent_log().find("hush-hush"), std::string::npos);
}

TEST_F(GcpJob, APersonsCredentialsRentAsWell) {
  ASSERT_EQ(post_account("gcp", credential("gcp", "person")).status, 201);
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"gpu":"A100:1"})"));
  (void)had_and_cancelled(id);
  EXPECT_EQ(judgement("gcp")["creates"].integer(), 1);
  expect_nothing_left("gcp");
}

TEST_F(GcpJob, TokensAreReplacedBeforeTheyExpire) {
  set(R"({"token_s":300})");
  connect("gcp");
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"gpu":"A100:1"})"));
  EXPECT_TRUE(eventually([&] { return job_state(id) == "connecting"; }, 60'000));
  EXPECT_TRUE(eventually([&] { return history("\"operation\": \"token\"").size() >= 4; }, 60'000));
  (void)had_and_cancelled(id);
  EXPECT_EQ(history("\"status\": 401").size(), 0U);
}

TEST_F(GcpJob, SpotIsAskedForAndCheaper) {
  connect("gcp");
  const std::string id = submit(cloud_job("gcp", "true", R"("resources":{"gpu":"H100:1","spot":true})"));
  const Json ended = had_and_cancelled(id);
  EXPECT_THAT(ended["attempts"].dump(), HasSubstr("a3-highgpu-1g"));
  EXPECT_LT(ended["attempts"].items()[0]["per_hour"].number().value_or(99), 6);
  expect_nothing_left("gcp");
}

}  // namespace
}  // namespace stoker::e2e
