// Crashing at a chosen commit, and the proof that nothing came of it.
#pragma once

#include <string>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {

class CrashFixture : public AgentTest {
 protected:
  // Submits a job to an agent that is killed at `point` ("before submit", "after 12"), lets a good agent finish it, and
  // checks everything. False: the job ended before the point came.
  bool crash_at(const std::string& point);
  // An agent is killed at `point` while the command runs, which must fail; the next one has started when this returns.
  void crash_during(const std::string& point, const Words& words);
  // Succeeded, log, one start, files, events, nothing rented.
  void expect_ran_once(const std::string& id, const std::string& log) const;

  static std::string start_time(const std::string& stat);  // field 22 of /proc/PID/stat

 private:
  int round_ = 0;
};

}  // namespace stoker::e2e
