// Two jobs on one rented machine, by the cloud's own history.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

class CloudWarm : public OneCloudTest {
 protected:
  [[nodiscard]] Json instance(const std::string& id) const {
    return Json::parse(api().call("GET", "/v1/instances/" + id).body, "instance");
  }
};

TEST_P(CloudWarm, TwoJobsAreOneCreateAndOneDelete) {
  const std::string first = submit(cloud_job(name(), "echo first", R"("after":{"keep_idle_minutes":30})"));
  const Json one = await_end(first);
  ASSERT_EQ(one["state"].text(), "succeeded") << one.dump();
  const std::string machine = one["instance_id"].text();
  EXPECT_TRUE(instance(machine)["idle"].boolean());
  const std::string second = submit(cloud_job(name(), "echo second; sleep 3"));
  const Json two = await_end(second);
  ASSERT_EQ(two["state"].text(), "succeeded") << two.dump();
  EXPECT_EQ(two["instance_id"].text(), machine);
  EXPECT_EQ(log_of(second), "second\n");
  expect_nothing_left(name());
  const Json judged = judgement(name());
  EXPECT_EQ(judged["creates"].integer(), 1);
  EXPECT_EQ(judged["deletes"].integer(), 1);
  // Each pays for its own time, and both and the idle time are the whole bill.
  const Json gone = instance(machine);
  const double all = gone["cost"]["so_far"].number().value_or(0), idle = gone["idle_cost"].number().value_or(0);
  const double jobs =
      job(first)["cost"]["so_far"].number().value_or(0) + job(second)["cost"]["so_far"].number().value_or(0);
  EXPECT_GT(job(second)["cost"]["so_far"].number().value_or(0), 0);
  EXPECT_GT(idle, 0);
  EXPECT_NEAR(all, jobs + idle, 1e-5);
}

TEST_P(CloudWarm, TheIdleLimitEndsWhatNobodyTakes) {
  const std::string first = submit(cloud_job(name(), "true", R"("after":{"keep_idle_minutes":3})"));
  ASSERT_EQ(await_end(first)["state"].text(), "succeeded");
  EXPECT_EQ(judgement(name())["deletes"].integer(), 0);
  EXPECT_TRUE(eventually([&] { return judgement(name())["alive"].items().empty(); }, 60'000));
  expect_nothing_left(name());
  EXPECT_EQ(judgement(name())["creates"].integer(), 1);
  EXPECT_EQ(judgement(name())["deletes"].integer(), 1) << "it was the agent, and not the machine's own switch";
}

// The dead-man's switch of the first job must not end the second.
TEST_P(CloudWarm, TheNextJobIsNotEndedByTheSwitchOfTheOneBefore) {
  if (name() == "vast") GTEST_SKIP() << "a container can not be told to be off by the cloud's clock";
  if (name() == "gcp") GTEST_SKIP() << "its tokens are refused where the cloud's clock is an hour ahead of the agent's";
  const std::string first = submit(cloud_job(name(), "true", R"("after":{"keep_idle_minutes":30})"));
  ASSERT_EQ(await_end(first)["state"].text(), "succeeded");
  const std::string second = submit(cloud_job(name(), "sleep 100"));
  await_state(second, "running");
  order("/advance", R"({"ms":3600000})");
  EXPECT_EQ(history("\"what\": \"off\"").size(), 0U);
  EXPECT_EQ(job_state(second), "running");
  (void)api().call("POST", "/v1/jobs/" + second + "/cancel");
  EXPECT_EQ(await_end(second)["state"].text(), "cancelled");
  expect_nothing_left(name());
  EXPECT_EQ(judgement(name())["creates"].integer(), 1);
}

INSTANTIATE_TEST_SUITE_P(Clouds, CloudWarm, testing::ValuesIn({"lambda", "digitalocean", "aws", "gcp", "vast"}),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace stoker::e2e
