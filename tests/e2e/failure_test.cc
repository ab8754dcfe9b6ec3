// Jobs that do not go well, and machines that are kept.
#include <csignal>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class FailureTest : public AgentTest {
 protected:
  void SetUp() override { start_agent(); }

  Json run_to_end(const std::string& spec) {
    id = submit(spec);
    return await_end(id);
  }

  std::string id;
};

TEST_F(FailureTest, OfSetupIsNamedAndTheTrainingNeverStarts) {
  const Json ended =
      run_to_end(job_spec("echo trained > \"$STOKER_ARTIFACTS/trained\"",
                          R"("setup":"echo no such package; echo half > $STOKER_ARTIFACTS/half; exit 3")"));
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_EQ(ended["exit_code"].integer(), 3);
  EXPECT_EQ(ended["reason"].text(), "setup exited with code 3");
  EXPECT_EQ(ended["hint"].text(), "stoker logs " + id + " shows what it printed");
  EXPECT_EQ(log_of(id), "no such package\n");
  EXPECT_EQ(artifact(id, "artifacts/half"), "half\n");
  EXPECT_EQ(api().call("GET", "/v1/jobs/" + id + "/artifacts/artifacts/trained").status, 404);
  for (const Event& event : events(id)) EXPECT_THAT(event.data, testing::Not(HasSubstr(R"("state":"running")")));
  expect_gapless(id);
}

TEST_F(FailureTest, OfTheTrainingBringsItsFilesHome) {
  const Json ended = run_to_end(job_spec("echo half > \"$STOKER_ARTIFACTS/half\"; echo oh no >&2; exit 7"));
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_EQ(ended["exit_code"].integer(), 7);
  EXPECT_THAT(ended["reason"].text(), StartsWith("train exited with code 7"));
  EXPECT_EQ(log_of(id), "oh no\n");
  EXPECT_EQ(artifact(id, "artifacts/half"), "half\n");
}

TEST_F(FailureTest, BySignalNamesTheSignal) {
  const Json ended = run_to_end(job_spec("echo half > \"$STOKER_ARTIFACTS/half\"; kill -KILL $$"));
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_TRUE(ended["exit_code"].is_null());
  EXPECT_THAT(ended["reason"].text(), StartsWith("train was ended by signal SIGKILL"));
  EXPECT_EQ(artifact(id, "artifacts/half"), "half\n");
}

TEST_F(FailureTest, OfTheCapOnHoursStopsTheTraining) {
  const Json ended = run_to_end(
      job_spec("echo half > \"$STOKER_ARTIFACTS/half\"; echo going; sleep 1000", R"("limits":{"max_hours":0.0005})"));
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_EQ(ended["reason"].text(), "limits.max_hours of 0.0005 is reached");
  EXPECT_EQ(ended["hint"].text(), "raise limits.max_hours");
  EXPECT_LT(*ended["ended_ms"].integer() - *ended["created_ms"].integer(), 15'000);
  EXPECT_EQ(log_of(id), "going\n");
  EXPECT_EQ(artifact(id, "artifacts/half"), "half\n");
  EXPECT_TRUE(processes_with("STOKER_JOB_FOLDER=" + folder.string()).empty());
}

TEST_F(FailureTest, OfTheInstanceItselfEndsTheJob) {
  id = submit(job_spec("echo going; sleep 1000"));
  ASSERT_TRUE(eventually([&] { return log_of(id) == "going\n"; }));
  const std::string instance = job(id)["instance_id"].text();
  for (const pid_t pid : processes_with(instance))
    if (pid != agent) ::kill(pid, SIGKILL);
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_THAT(ended["reason"].text(), HasSubstr("the machine " + instance + " is failed"));
  EXPECT_EQ(log_of(id), "going\n");
}

TEST_F(FailureTest, KeepLeavesTheMachineUntilItIsDestroyed) {
  const Json ended = run_to_end(job_spec("echo done > \"$STOKER_ARTIFACTS/done\"", R"("after":"keep")"));
  EXPECT_EQ(ended["state"].text(), "succeeded");
  const std::string instance = ended["instance_id"].text();
  Json kept = Json::parse(api().call("GET", "/v1/instances/" + instance).body, "instance");
  EXPECT_EQ(kept["state"].text(), "alive");
  EXPECT_TRUE(kept["kept"].boolean());
  EXPECT_TRUE(kept["keep_until_ms"].is_null());
  EXPECT_TRUE(fs::is_empty(remote_folder(id).parent_path())) << "the job's files are still on the kept machine";

  kill_agent();
  start_agent();
  EXPECT_THAT(cli({"instances"}).out, HasSubstr(instance));
  EXPECT_FALSE(processes_with(instance).empty());
  const Result destroyed = cli({"destroy", instance});
  EXPECT_EQ(destroyed.code, 0) << destroyed.err;
  expect_nothing_rented();
  EXPECT_TRUE(eventually([&] { return processes_with(instance).empty(); }, 2000));
}

TEST_F(FailureTest, KeepForAnIdleTimeEndsByItself) {
  const Json ended = run_to_end(job_spec("true", R"("after":{"keep_idle_minutes":0})"));
  EXPECT_EQ(ended["state"].text(), "succeeded");
  const Json instance = Json::parse(api().call("GET", "/v1/instances/" + ended["instance_id"].text()).body, "instance");
  const bool kept = instance["kept"].boolean() && !instance["keep_until_ms"].is_null();
  EXPECT_TRUE(kept || instance["reason"].text() == "its idle time is over") << instance.dump();
  kill_agent();  // the idle time is over when the next agent comes
  start_agent();
  expect_nothing_rented();
}

TEST_F(FailureTest, OfAnInputThatVanishesNamesIt) {
  std::string input = folder / "data";
  fs::create_directory(input);
  kill_agent();
  const fs::path trace = folder / "trace";
  ASSERT_TRUE(
      try_start({program("gated-agent")}, {"STOKER_E2E_GATE=kill after submit", "STOKER_E2E_TRACE=" + trace.string()}));
  const std::string spec = job_spec("true", R"("inputs":[{"from":)" + json_text(input) + "}]");
  EXPECT_ANY_THROW((void)submit(spec, "key"));
  ASSERT_TRUE(eventually([this] { return agent_ended(); }));
  fs::remove(input);
  start_agent();
  const auto jobs = Json::parse(api().call("GET", "/v1/jobs").body, "jobs")["data"].items();
  ASSERT_EQ(jobs.size(), 1U);
  const Json ended = await_end(jobs.front()["id"].text());
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_EQ(ended["reason"].text(), "input " + input + " can not be read: No such file or directory");
}

}  // namespace
}  // namespace stoker::e2e
