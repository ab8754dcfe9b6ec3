// Cancelling a job in each of its stages: the agent is held after the commit that begins the stage.
#include <algorithm>
#include <fstream>
#include <thread>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class CancelTest : public AgentTest {
 protected:
  // An agent that stops for us after the commit `what` of the job, and that job's id.
  std::string hold_after(const std::string& what, const std::string& spec) {
    EXPECT_TRUE(try_start({program("gated-agent")},
                          {"STOKER_E2E_GATE=hold after " + what, "STOKER_E2E_TRACE=" + trace.string()}));
    // The call itself may be what is held.
    submitting = std::thread([this, spec] { (void)api().call("POST", "/v1/jobs", spec); });
    EXPECT_TRUE(eventually([this] { return fs::exists(trace.string() + ".held"); })) << content(trace);
    const auto jobs = Json::parse(api().call("GET", "/v1/jobs").body, "jobs")["data"].items();
    EXPECT_EQ(jobs.size(), 1U);
    return jobs.empty() ? "" : jobs.front()["id"].text();
  }
  void let_go() {
    std::ofstream(trace.string() + ".go").flush();
    if (submitting.joinable()) submitting.join();
  }
  void TearDown() override {
    let_go();
    AgentTest::TearDown();
  }
  Answer cancel(const std::string& id) const { return api().call("POST", "/v1/jobs/" + id + "/cancel"); }

  const fs::path trace = folder / "trace";
  std::thread submitting;
};

using Stage = std::pair<std::string, std::string>;  // commit and state

class CancelStageTest : public CancelTest, public testing::WithParamInterface<Stage> {};

TEST_P(CancelStageTest, EndsTheJobAndReleasesTheMachine) {
  const auto [commit, state] = GetParam();
  const std::string id = hold_after(commit, job_spec(witness(10, folder / "never"), R"("setup":"sleep 0.1")"));
  EXPECT_EQ(job_state(id), state);
  const Answer answer = cancel(id);
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_TRUE(Json::parse(answer.body, "job")["cancel_requested"].boolean());
  EXPECT_EQ(cancel(id).status, 202) << "cancelling twice is no mistake";
  let_go();
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "cancelled") << ended.dump();
  EXPECT_EQ(ended["reason"].text(), "cancelled");
  expect_gapless(id);
  expect_nothing_rented();
  EXPECT_TRUE(processes_with("STOKER_JOB_FOLDER=" + folder.string()).empty());
  const Answer late = cancel(id);
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(late.body, HasSubstr("has ended already: it is cancelled"));
}

INSTANTIATE_TEST_SUITE_P(Stage, CancelStageTest,
                         testing::Values(Stage{"submit", "queued"}, Stage{"provisioning", "provisioning"},
                                         Stage{"intent", "provisioning"}, Stage{"create sent", "provisioning"},
                                         Stage{"adopt", "provisioning"}, Stage{"connecting", "connecting"},
                                         Stage{"staging", "staging"}, Stage{"setup", "setup"},
                                         Stage{"running", "running"}),
                         [](const auto& stage) {
                           std::string name = stage.param.first;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_F(CancelTest, InTheMiddleOfTrainingFetchesWhatThereIs) {
  start_agent();
  const std::string id = submit(job_spec(
      "mkdir out; echo half > out/model; trap 'echo stopping; echo saved > out/on-stop; exit 0' INT; echo ready; "
      "(trap '' INT TERM; sleep 1000) & until [ -e '" +
          (folder / "never").string() + "' ]; do sleep 0.02; done",
      R"("outputs":["out/"])"));
  ASSERT_TRUE(eventually([&] { return log_of(id) == "ready\n"; }));
  EXPECT_EQ(cancel(id).status, 202);
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  EXPECT_EQ(artifact(id, "out/model"), "half\n");
  EXPECT_EQ(artifact(id, "out/on-stop"), "saved\n");
  EXPECT_EQ(log_of(id), "ready\nstopping\n");
  expect_gapless(id);
}

TEST_F(CancelTest, DuringSetup) {
  start_agent();
  const std::string id =
      submit(job_spec("echo never", R"("setup":"echo preparing; echo half > $STOKER_ARTIFACTS/half; sleep 1000")"));
  ASSERT_TRUE(eventually([&] { return log_of(id) == "preparing\n"; }));
  EXPECT_EQ(cancel(id).status, 202);
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  EXPECT_EQ(log_of(id), "preparing\n");
  EXPECT_EQ(artifact(id, "artifacts/half"), "half\n");
}

// What became of the training is fixed when it ends: its results are not thrown away.
TEST_F(CancelTest, AfterTheTrainingHasEndedItsResultStands) {
  const std::string id = hold_after("training ended", job_spec(witness(10)));
  EXPECT_EQ(job_state(id), "collecting");
  EXPECT_EQ(cancel(id).status, 202);
  let_go();
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded");
  EXPECT_EQ(lines_of(artifact(id, "artifacts/starts")).size(), 1U);
}

// A wish that is committed is kept, whoever carries it out.
TEST_F(CancelTest, IsNotForgottenWhenTheAgentDies) {
  const std::string id = hold_after("running", job_spec(witness(10, folder / "never")));
  EXPECT_EQ(cancel(id).status, 202);
  kill_agent();
  let_go();
  start_agent();
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
}

}  // namespace
}  // namespace stoker::e2e
