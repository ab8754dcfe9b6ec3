#include "tests/e2e/crash_fixture.h"

#include <Poco/Exception.h>

#include <sstream>

namespace stoker::e2e {

std::string CrashFixture::start_time(const std::string& stat) {
  std::istringstream rest(stat.substr(stat.rfind(')') + 2));
  std::string word;
  for (int field = 3; field <= 22; ++field) rest >> word;
  return word;
}

void CrashFixture::expect_ran_once(const std::string& id, const std::string& log) const {
  EXPECT_TRUE(log_of(id) == log) << "the log has " << log_of(id).size() << " bytes instead of " << log.size();
  EXPECT_EQ(job(id)["log_bytes"].integer(), static_cast<int64_t>(log.size()));
  EXPECT_EQ(lines_of(artifact(id, "artifacts/starts")).size(), 1U) << "how often the training was started";
  expect_gapless(id);
  expect_nothing_rented();
}

void CrashFixture::crash_during(const std::string& point, const Words& words) {
  SCOPED_TRACE("killed " + point);
  const std::filesystem::path trace = folder / ("trace-" + std::to_string(++round_));
  stop_agent();
  ASSERT_TRUE(
      try_start({program("gated-agent")}, {"STOKER_E2E_GATE=kill " + point, "STOKER_E2E_TRACE=" + trace.string()}));
  EXPECT_NE(cli(words).code, 0);
  ASSERT_TRUE(eventually([this] { return agent_ended(); }));
  start_agent();
}

bool CrashFixture::crash_at(const std::string& point) {
  SCOPED_TRACE("killed " + point);
  const std::filesystem::path trace = folder / ("trace-" + std::to_string(++round_));
  const std::string key = "round-" + std::to_string(round_);
  const std::string spec = job_spec(witness(50), R"("setup":"echo set up","outputs":["out/"])");
  std::string id;
  if (try_start({program("gated-agent")}, {"STOKER_E2E_GATE=kill " + point, "STOKER_E2E_TRACE=" + trace.string()})) {
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
  const std::string again = submit(spec, key);
  EXPECT_TRUE(id.empty() || id == again);
  EXPECT_EQ(await_end(again)["state"].text(), "succeeded")
      << job(again).dump() << "\nthe last commit was: " << lines_of(content(trace)).back();
  expect_ran_once(again, "set up\n" + witness_log(50));
  stop_agent();
  const auto left = [this] { return processes_with("STOKER_JOB_FOLDER=" + folder.string()); };
  EXPECT_TRUE(eventually([&] { return left().empty() && left_over().empty(); }, 5000));
  return crashed;
}

}  // namespace stoker::e2e
