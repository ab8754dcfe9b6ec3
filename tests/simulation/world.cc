#include "tests/simulation/world.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/store/sqlite_error.h"

namespace stoker::simulation {

void CrashGate::before_commit(const char* what) {
  if (scheduler_.dead() && std::uncaught_exceptions() == 0) throw Crash();
  ++commits;
  if (commits >= full_from && commits < full_to) {
    Error full(Fault::unavailable, std::string(what) + ": the disk is full");
    full.code = store::kDiskFullCode;
    throw full;
  }
  if (commits != crash_at || !before) return;
  crashed_in = what;
  scheduler_.kill();
  throw Crash();
}

void CrashGate::after_commit(const char* what) {
  if (commits == crash_at && !before) {
    crashed_in = what;
    scheduler_.kill();
    throw Crash();
  }
  scheduler_.step();
}

struct World::Agent {
  Agent(World& world, const std::filesystem::path& folder, remote::Connector& connector)
      : db(folder / "stoker.db", &world.gate), vault(store::Vault::with_key_file(db, folder / "config" / "key")) {
    jobs::PipelineContext context{world.scheduler,
                                  db,
                                  vault,
                                  connector,
                                  feed,
                                  work,
                                  source(world),
                                  source(world),
                                  [&world] { return std::vector<const plugin_host::LogParser*>{&world.parser}; },
                                  [] { return std::vector<fleet::UsableAccount>{{"sim", "sim", false}}; },
                                  {"sim"},
                                  folder,
                                  folder / "runners",
                                  "0123456789abcdef",
                                  [&world](const std::string& text) { world.alarms.push_back(text); }};
    supervisor = std::make_unique<jobs::Supervisor>(context);
    context_ = std::make_unique<jobs::PipelineContext>(context);
    sweeper = std::make_unique<fleet::Sweeper>(jobs::fleet_context(*context_));
  }
  static fleet::ProviderSource source(World& world) {
    return [&world](const std::string& id) {
      if (world.provider_missing) throw Error(Fault::unsupported, "the plugin " + id + " is not loaded");
      return std::shared_ptr<plugin_host::Provider>(std::shared_ptr<void>(), &world.cloud);
    };
  }

  store::Database db;
  store::Vault vault;
  jobs::EventFeed feed;
  Signal work;
  std::unique_ptr<jobs::PipelineContext> context_;
  std::unique_ptr<fleet::Sweeper> sweeper;
  std::unique_ptr<jobs::Supervisor> supervisor;
};

World::World(uint64_t seed, const CloudTraits& traits, remote::Connector* connector)
    : scheduler(seed),
      cloud(scheduler, traits),
      gate(scheduler),
      network(scheduler, cloud),
      connector_(connector ? *connector : network) {
  // In memory where that can be had: the syncs of the store would be most of a run's time.
  std::string name = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
  name += "/stoker-simulation-XXXXXX";
  folder_ = ::mkdtemp(name.data());
  std::filesystem::create_directory(folder_ / "runners");
  std::ofstream(folder_ / "runners" / "stoker-runner-x86_64") << "a program";
  std::filesystem::create_directory(folder_ / "config");
  std::filesystem::permissions(folder_ / "config", std::filesystem::perms::owner_all);
}

World::~World() {
  stop();
  std::filesystem::remove_all(folder_);
}

void World::start() {
  agent_ = std::make_unique<Agent>(*this, folder_, connector_);
  agent_->sweeper->start();
  agent_->supervisor->resume();
}

void World::stop() {
  agent_.reset();
  scheduler.revive();
}

std::string World::submit(const std::string& spec_json) {
  return agent_->supervisor->submit({spec_json, "", "admin", true}).id;
}

std::optional<store::JobRow> World::job(const std::string& id) {
  return agent_->db.read([&](store::Connection& c) { return store::Jobs(c).find(id); });
}

bool World::run_to_end(const std::string& id, int64_t max_ms) {
  const int64_t end = scheduler.mono_ms() + max_ms;
  while (scheduler.mono_ms() < end) {
    try {
      if (!agent_) start();
      const auto row = job(id);
      if (row && is_terminal(row->state)) return true;
      cancel_when_due(id);
      scheduler.sleep(2 * kSecond, {});
    } catch (const Crash&) {
      ++crashes;
      stop();
      if (next_crashes.empty()) continue;
      gate.crash_at = gate.commits + next_crashes.back();
      next_crashes.pop_back();
    }
  }
  return false;
}

void World::calm() {
  cloud.faults_on = network.faults_on = false;
  gate.crash_at = gate.full_from = UINT64_MAX;
}

void World::cancel(const std::string& id) { agent_->supervisor->cancel(id); }

void World::cancel_when_due(const std::string& id) {
  if (scheduler.mono_ms() < cancel_at_ms) return;
  try {
    cancel(id);
    cancel_at_ms = INT64_MAX;
  } catch (const Error&) {  // the disk is full, or the job has just ended
  }
}

store::Database& World::database() { return agent_->db; }

void World::pass(int64_t ms) { scheduler.sleep(ms, {}); }

}  // namespace stoker::simulation
