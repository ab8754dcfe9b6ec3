// A job on a machine that was kept, with a crash at each of its commits in turn: the machine is the only one ever made,
// the training runs once, and nothing is left.
#include <Poco/Exception.h>

#include "tests/e2e/crash_fixture.h"

namespace stoker::e2e {
namespace {

class WarmCommitTest : public CrashFixture, public testing::WithParamInterface<const char*> {
 protected:
  // False: the job ended before the point came.
  bool crash_at(const std::string& point) {
    SCOPED_TRACE("killed " + point);
    start_agent();
    const std::string first = submit(job_spec("true", R"("after":{"keep_idle_minutes":30})"));
    const std::string machine = await_end(first)["instance_id"].text();
    stop_agent();
    const std::filesystem::path trace = folder / ("warm-trace-" + std::to_string(++round_));
    const std::string key = "warm-" + std::to_string(round_), spec = job_spec(witness(5), R"("outputs":["out/"])");
    if (try_start({program("gated-agent")}, {"STOKER_E2E_GATE=kill " + point, "STOKER_E2E_TRACE=" + trace.string()})) {
      std::string id;
      try {
        id = submit(spec, key);
      } catch (const Poco::Exception&) {
        // It died before it answered.
      }
      const auto over = [&] {
        if (agent_ended()) return true;
        try {
          return !id.empty() && !job(id)["ended_ms"].is_null();
        } catch (const Poco::Exception&) {
          return agent_ended();
        }
      };
      EXPECT_TRUE(eventually(over)) << "neither crashed nor ended";
    }
    const bool crashed = agent_ended();
    if (!crashed) kill_agent();
    start_agent();
    const std::string second = submit(spec, key);
    const Json ended = await_end(second);
    EXPECT_EQ(ended["state"].text(), "succeeded")
        << ended.dump() << "\nthe last commit: " << lines_of(content(trace)).back();
    EXPECT_EQ(ended["instance_id"].text(), machine) << "the last commit: " << lines_of(content(trace)).back();
    EXPECT_EQ(ended["attempts"].items().size(), 1U);
    expect_ran_once(second, witness_log(5));
    stop_agent();
    const auto left = [this] { return processes_with("STOKER_JOB_FOLDER=" + folder.string()); };
    EXPECT_TRUE(eventually([&] { return left().empty() && left_over().empty(); }, 5000));
    return crashed;
  }

 private:
  int round_ = 0;
};

TEST_P(WarmCommitTest, IsSurvived) {
  int commit = 1;
  while (crash_at(GetParam() + std::string(" ") + std::to_string(commit)) && !HasFailure()) ++commit;
  EXPECT_GT(commit, 12) << "a job on a kept machine has more commits than that";
  RecordProperty("commits", commit - 1);
}

INSTANTIATE_TEST_SUITE_P(Side, WarmCommitTest, testing::Values("before", "after"),
                         [](const auto& side) { return std::string(side.param); });

}  // namespace
}  // namespace stoker::e2e
