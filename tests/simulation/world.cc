#include "tests/simulation/world.h"

#include <gtest/gtest.h>

namespace stoker::simulation {

void CrashGate::before_commit(const char* what) {
  if (scheduler_.dead() && std::uncaught_exceptions() == 0) throw Crash();
  if (++commits != crash_at || !before) return;
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
                                  [&world](const std::string&) -> plugin_host::Provider& { return world.cloud; },
                                  [] { return std::vector<const plugin_host::LogParser*>(); },
                                  {"sim"},
                                  folder,
                                  folder,
                                  "0123456789abcdef",
                                  [](const std::string&) {}};
    supervisor = std::make_unique<jobs::Supervisor>(context);
    context_ = std::make_unique<jobs::PipelineContext>(context);
    sweeper = std::make_unique<fleet::Sweeper>(jobs::fleet_context(*context_));
  }
  store::Database db;
  store::Vault vault;
  jobs::EventFeed feed;
  Signal work;
  std::unique_ptr<jobs::PipelineContext> context_;
  std::unique_ptr<fleet::Sweeper> sweeper;
  std::unique_ptr<jobs::Supervisor> supervisor;
};

World::World(uint64_t seed, const CloudTraits& traits, remote::Connector& connector)
    : scheduler(seed), cloud(scheduler, traits), gate(scheduler), connector_(connector) {
  char name[] = "/tmp/stoker-simulation-XXXXXX";
  folder_ = ::mkdtemp(name);
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
      scheduler.sleep(5 * kSecond, {});
    } catch (const Crash&) {
      ++crashes;
      stop();
    }
  }
  return false;
}

void World::pass(int64_t ms) { scheduler.sleep(ms, {}); }

}  // namespace stoker::simulation
