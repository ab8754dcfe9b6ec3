// The whole agent below the API on virtual time, against a simulated cloud: started, crashed and started again.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/fleet/sweeper.h"
#include "core/jobs/supervisor.h"
#include "core/store/vault.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/network.h"
#include "tests/simulation/scheduler.h"
#include "tests/simulation/step_parser.h"

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
  uint64_t full_from = UINT64_MAX, full_to = UINT64_MAX;  // the disk is full for these commits

 private:
  Scheduler& scheduler_;
};

class World {
 public:
  // Without a connector the machines of the simulated network are reached.
  World(uint64_t seed, const CloudTraits& traits, remote::Connector* connector = nullptr);
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
  void calm();  // no more faults
  // Throws Crash when it was the agent's last act.
  void cancel(const std::string& id);
  template <typename F>
  auto read(F&& f) {
    return with_database([&](store::Database& db) { return db.read(f); });
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  // Lets `ms` of virtual time pass.
  void pass(int64_t ms);

  Scheduler scheduler;
  Cloud cloud;
  CrashGate gate;
  Network network;
  StepParser parser;
  int crashes = 0;
  std::vector<uint64_t> next_crashes;  // commits from one crash to the next, last first
  int64_t cancel_at_ms = INT64_MAX;    // run_to_end() cancels then
  bool provider_missing = false;       // its plugin is not loaded
  std::vector<std::string> alarms;

 private:
  struct Agent;
  template <typename F>
  auto with_database(F&& f) {
    return f(database());
  }
  store::Database& database();
  void cancel_when_due(const std::string& id);

  std::filesystem::path folder_;
  remote::Connector& connector_;
  std::unique_ptr<Agent> agent_;
};

}  // namespace stoker::simulation
