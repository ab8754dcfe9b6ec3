// A credential that is revoked in the middle of a job: the machine is not lost, and goes once the credential is good.
#include <algorithm>

#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

class CredentialLoss : public OneCloudTest {
 protected:
  void make(const char* state) const {
    order("/credentials", std::string(R"({"cloud":")") + GetParam() + R"(","name":"good","state":")" + state + "\"}");
  }
  [[nodiscard]] size_t told(const std::string& text) const {
    const Words lines = lines_of(agent_log());
    return static_cast<size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; }));
  }
};

TEST_P(CredentialLoss, WhileTrainingTheMachineIsBillingUntilItCanBeDeleted) {
  const std::string id = submit(cloud_job(GetParam(), "sleep 1; echo trained"));
  await_state(id, "running");
  make("revoked");
  EXPECT_TRUE(eventually([&] { return told("it is still billing, trying again") >= 3; })) << agent_log();
  const Json now = job(id);
  EXPECT_EQ(now["state"].text(), "releasing");
  EXPECT_EQ(now["outcome"].text(), "succeeded") << "what became of the training is not touched by it";
  EXPECT_GT(now["cost"]["per_hour"].number().value_or(0), 0);
  EXPECT_EQ(judgement(GetParam())["alive"].items().size(), 1U);
  EXPECT_EQ(api().call("DELETE", std::string("/v1/accounts/") + GetParam()).status, 409);
  const Json checked =
      Json::parse(api().call("POST", std::string("/v1/accounts/") + GetParam() + "/check").body, "account");
  EXPECT_EQ(checked["state"].text(), "refused");
  make("active");
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_EQ(log_of(id), "trained\n");
  expect_nothing_left(GetParam());
  EXPECT_EQ(judgement(GetParam())["creates"].integer(), 1);
}

TEST_P(CredentialLoss, WhileTheMachineBootsItIsWaitedFor) {
  const std::string id = submit(cloud_job(GetParam(), "echo trained"));
  EXPECT_TRUE(eventually([&] { return judgement(GetParam())["creates"].integer() == 1; }));
  make("revoked");
  EXPECT_TRUE(eventually([&] { return history(dialect_of(GetParam()).refused).size() >= 5; }));
  EXPECT_EQ(job_state(id), "provisioning");
  make("active");
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  expect_nothing_left(GetParam());
  EXPECT_EQ(judgement(GetParam())["creates"].integer(), 1);
}

TEST_P(CredentialLoss, ANewCredentialOfTheSameAccountTakesTheMachineOver) {
  const std::string id = submit(cloud_job(GetParam(), "sleep 1; echo trained"));
  await_state(id, "running");
  make("revoked");
  EXPECT_TRUE(eventually([&] { return told("it is still billing, trying again") >= 1; })) << agent_log();
  // The other token of this account.
  order("/credentials", std::string(R"({"cloud":")") + GetParam() + R"(","name":"revoked","state":"active"})");
  const std::string values = "{\"values\":{" + values_of(GetParam(), credential(GetParam(), "revoked")) + "}}";
  const Answer changed = api().call("PATCH", std::string("/v1/accounts/") + GetParam(), values);
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  expect_nothing_left(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cloud, CredentialLoss, testing::Values("lambda", "digitalocean", "aws", "gcp", "vast"),
                         [](const auto& cloud) { return std::string(cloud.param); });

}  // namespace
}  // namespace stoker::e2e
