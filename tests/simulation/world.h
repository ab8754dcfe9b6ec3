// The whole agent below the API on virtual time, against a simulated cloud: started, crashed and started again.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/fleet/sweeper.h"
#include "core/jobs/supervisor.h"
#include "core/store/vault.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/scheduler.h"

namespace stoker::simulation {

// Hands over to another thread after every commit, and kills the agent at the chosen one.
class CrashGate final : public store::CommitGate {
 public:
  explicit CrashGate(Scheduler& scheduler) : scheduler_(scheduler) {}
  void before_commit(const char* what) override;
  void after_commit(const char* what) override;

  uint64_t commits = 0;
  uint64_t crash_at = UINT64_MAX;  // the commit that is the agent's last
  bool before = false;             // dies before it instead of after
  std::string crashed_in;

 private:
  Scheduler& scheduler_;
};

class World {
 public:
  World(uint64_t seed, const CloudTraits& traits, remote::Connector& connector);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void start();  // an agent
  void stop();   // it, in order or after a crash
  std::string submit(const std::string& spec_json);
  [[nodiscard]] std::optional<store::JobRow> job(const std::string& id);
  // Runs until the job is terminal, starting a new agent after each crash; false when `max_ms` of virtual time was not
  // enough.
  bool run_to_end(const std::string& id, int64_t max_ms);
  // Lets `ms` of virtual time pass.
  void pass(int64_t ms);

  Scheduler scheduler;
  Cloud cloud;
  CrashGate gate;
  int crashes = 0;

 private:
  struct Agent;
  std::filesystem::path folder_;
  remote::Connector& connector_;
  std::unique_ptr<Agent> agent_;
};

}  // namespace stoker::simulation
