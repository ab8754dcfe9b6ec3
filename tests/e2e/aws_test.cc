// What goes wrong with AWS alone: keys of several halves and sources, a clock, zones.
#include <fstream>

#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

class Aws : public CloudTest {
 protected:
  void SetUp() override {
    CloudTest::SetUp();
    if (IsSkipped()) return;
    start_cloud(20, "none");
    enable({"aws"});
    start_fast_agent();
  }
  [[nodiscard]] Answer post(const std::string& values) const {
    return api().call("POST", "/v1/accounts", R"({"provider":"aws","values":{)" + values + "}}");
  }
  // "STATUS field | detail | hint"
  static std::string problem(const Answer& answer) {
    const Json json = Json::parse(answer.body, "a problem");
    return std::to_string(answer.status) + " " + json["field"].text() + " | " + json["detail"].text() + " | " +
           json["hint"].text();
  }
  void set(const std::string& setting) const { order("/settings", R"({"cloud":"aws","settings":{)" + setting + "}}"); }
};

TEST_F(Aws, AProfileThatDoesNotExistIsRefused) {
  EXPECT_THAT(problem(post(R"("profile":"lap")")),
              testing::StartsWith("400 profile | aws: there is no profile lap in "));
}

TEST_F(Aws, HalfAKeyPairIsRefused) {
  EXPECT_THAT(problem(post(R"("access_key_id":"AKIAEXAMPLE")")), HasSubstr("secret_access_key"));
  EXPECT_THAT(problem(post(R"("secret_access_key":"x")")),
              HasSubstr("access_key_id | aws: the account has a secret_access_key and no access_key_id | give both"));
}

TEST_F(Aws, ASessionIsAKeyUntilItIsOver) {
  EXPECT_EQ(post(values_of("aws", credential("aws", "session"))).status, 201);
  const std::string told = problem(post(values_of("aws", credential("aws", "expired"))));
  EXPECT_THAT(told, HasSubstr("(ExpiredToken)"));
  EXPECT_THAT(told, HasSubstr("whose session is over; make a new one"));
}

TEST_F(Aws, AWrongSecretIsToldFromAWrongClock) {
  const std::string key = credential("aws");
  const std::string id = key.substr(0, key.find(':'));
  EXPECT_THAT(problem(post(values_of("aws", id + ":wrong"))),
              HasSubstr("(SignatureDoesNotMatch) | it was signed with"));
  set(R"("skew_s":3600)");
  EXPECT_EQ(problem(post(values_of("aws", key))),
            "400  | aws: the clock of this machine is 60 minutes behind AWS's | set it right, for example with: "
            "timedatectl set-ntp true");
  set(R"("skew_s":-3600)");
  EXPECT_THAT(problem(post(values_of("aws", key))), HasSubstr("60 minutes ahead of AWS's"));
}

// What is rented already is not stuck for a clock.
TEST_F(Aws, AClockThatGoesWrongLaterCostsNoMachine) {
  connect("aws");
  const std::string id = submit(cloud_job("aws", "true"));
  await_state(id, "connecting");
  set(R"("skew_s":3600)");
  (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  EXPECT_THAT(agent_log(), HasSubstr("the clock of this machine is "));
  expect_nothing_left("aws");
}

TEST_F(Aws, AZoneWithoutCapacityIsPassedByForTheNext) {
  connect("aws");
  order("/capacity", R"({"cloud":"aws","type":"p5.4xlarge","region":"us-east-1a","left":0})");
  const std::string id = submit(cloud_job("aws", "true", R"("resources":{"gpu":"H100:1"})"));
  await_state(id, "connecting");
  const auto attempts = job(id)["attempts"].items();
  ASSERT_EQ(attempts.size(), 2U) << job(id).dump();
  EXPECT_THAT(attempts[0]["reason"].text(), HasSubstr("sufficient p5.4xlarge capacity in us-east-1a"));
  (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
  (void)await_end(id);
  expect_nothing_left("aws");
  EXPECT_EQ(judgement("aws")["creates"].integer(), 1);
}

TEST_F(Aws, WithoutTheRightToReadPricesTheyAreEstimates) {
  set(R"("prices_allowed":false)");
  connect("aws");
  const Json offers = Json::parse(api().call("GET", "/v1/offers?gpu=H100&count=1").body, "offers")["data"];
  ASSERT_GT(offers.items().size(), 0U);
  EXPECT_DOUBLE_EQ(offers.items()[0]["price"]["per_hour"].number().value_or(0), 6.88);
  EXPECT_EQ(offers.items()[0]["price"]["estimate"].dump(), "true") << "said where the price is shown";
  EXPECT_THAT(agent_log(), HasSubstr("prices are those of 2026-11 and may have changed"));
}

}  // namespace
}  // namespace stoker::e2e
