#include "core/jobs/kept_model.h"

#include <atomic>
#include <optional>
#include <vector>

#include "core/fleet/fleet.h"
#include "core/jobs/machine_keys.h"
#include "core/jobs/model_server.h"
#include "core/jobs/spec.h"
#include "core/store/jobs.h"

namespace stoker::jobs {
namespace {

constexpr int64_t kHoldMs = 2 * kMinute;  // how long a use is remembered should the agent die
constexpr int64_t kRenewMs = 30 * kSecond;

struct Kept {
  store::JobRow job;
  store::InstanceRow machine;
};

Kept find_kept(const PipelineContext& ctx, const std::string& job_id) {
  const auto [job, machine] = ctx.db.read([&](store::Connection& c) {
    const auto found = store::Jobs(c).find(job_id);
    return std::pair(found, found ? store::Instances(c).find(found->instance_id) : std::nullopt);
  });
  if (!job) throw Error(Fault::not_found, "no job " + job_id, "stoker jobs lists them");
  if (!is_terminal(job->state))
    throw Error(Fault::conflict, "job " + job_id + " has not ended: it is " + to_string(job->state),
                "its model can be tried once it has");
  const std::string nothing = "no machine is kept for job " + job_id;
  const std::string way_out = "submit it with `after: {keep_idle_minutes: 30}` to try its model afterwards";
  if (!machine) throw Error(Fault::conflict, nothing + ": it never had one", way_out);
  if (machine->holder != job_id)
    throw Error(Fault::conflict, nothing + ": job " + machine->holder + " took it", way_out);
  if (machine->phase != store::InstancePhase::alive || !machine->kept)
    throw Error(Fault::conflict, nothing + (machine->reason.empty() ? "" : ": " + machine->reason), way_out);
  return {*job, *machine};
}

}  // namespace

struct KeptModels::Machine {
  Machine(const PipelineContext& context, std::string name) : ctx(context), id(std::move(name)) {}

  // One at a time starts a server or a tunnel.
  void take_turn(const Wait& wait) {
    for (;;) {
      const uint64_t seen = changed.count();
      {
        std::lock_guard lock(mutex);
        if (!taken) {
          taken = true;
          return;
        }
      }
      ctx.clock.wait(changed, seen, wait);
      ctx.clock.check(wait, "waiting for the model to be served");
    }
  }
  void end_turn() {
    {
      std::lock_guard lock(mutex);
      taken = false;
    }
    changed.notify();
  }

  void hold() {
    held_ms = ctx.clock.mono_ms();
    fleet::Fleet(ctx.db, ctx.clock, ctx.fleet_work).hold(id, kHoldMs);
  }
  void renew() {
    if (ctx.clock.mono_ms() - held_ms >= kRenewMs) hold();
  }

  std::shared_ptr<remote::Tunnel> open_tunnel() {
    std::lock_guard lock(mutex);
    return tunnel && tunnel->alive() ? tunnel : nullptr;
  }

  const PipelineContext& ctx;
  const std::string id;
  std::mutex mutex;  // of what follows
  bool taken = false;
  Signal changed;
  std::shared_ptr<remote::Tunnel> tunnel;
  int streams = 0;
  std::atomic<int64_t> held_ms = INT64_MIN / 2;  // mono
};

namespace {

class Turn {
 public:
  using Machine = KeptModels::Machine;
  Turn(std::shared_ptr<Machine> machine, const Wait& wait) : machine_(std::move(machine)) { machine_->take_turn(wait); }
  ~Turn() { machine_->end_turn(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::shared_ptr<Machine> machine_;
};

// A stream in use: what waits long renews the hold on the machine.
class UseStream final : public remote::Stream {
 public:
  using Machine = KeptModels::Machine;
  explicit UseStream(std::shared_ptr<Machine> machine) : machine_(std::move(machine)) {
    {
      std::lock_guard lock(machine_->mutex);
      ++machine_->streams;
    }
  }
  UseStream(const UseStream&) = delete;
  UseStream& operator=(const UseStream&) = delete;
  ~UseStream() override {
    stream_.reset();
    bool last = false;
    {
      std::lock_guard lock(machine_->mutex);
      last = --machine_->streams == 0;
    }
    if (!last) return;
    try {
      fleet::Fleet(machine_->ctx.db, machine_->ctx.clock, machine_->ctx.fleet_work).hold(machine_->id, 0);
    } catch (const std::exception&) {  // destroyed meanwhile; else the hold ends by itself
    }
  }

  void carry(std::unique_ptr<remote::Stream> stream) { stream_ = std::move(stream); }

  size_t read(char* to, size_t size, const Wait& wait) override {
    for (;;) {
      machine_->renew();
      try {
        return stream_->read(to, size, wait.until(machine_->ctx.clock.mono_ms() + kRenewMs));
      } catch (const Error& error) {
        if (error.fault != Fault::deadline || machine_->ctx.clock.mono_ms() >= wait.deadline_ms) throw;
      }
    }
  }
  void write(std::string_view bytes, const Wait& wait) override {
    machine_->renew();
    stream_->write(bytes, wait);
  }
  void finish() override { stream_->finish(); }
  [[nodiscard]] int descriptor() const override { return stream_->descriptor(); }

 private:
  std::shared_ptr<Machine> machine_;
  std::unique_ptr<remote::Stream> stream_;
};

// The tunnel of a machine, made anew where it broke.
std::shared_ptr<remote::Tunnel> reach(KeptModels::Machine& machine, const store::InstanceRow& row, const Wait& wait) {
  if (auto open = machine.open_tunnel()) return open;
  const remote::Target target = find_login(machine.ctx, row, wait);
  std::shared_ptr<remote::Tunnel> fresh = machine.ctx.connector.open_tunnel(target, wait);
  std::lock_guard lock(machine.mutex);
  return machine.tunnel = std::move(fresh);
}

}  // namespace

KeptModels::KeptModels(PipelineContext context) : context_(std::move(context)) {}

KeptModels::~KeptModels() = default;

// Those of machines that are gone are forgotten.
std::shared_ptr<KeptModels::Machine> KeptModels::machine_of(const std::string& id) {
  std::vector<std::shared_ptr<Machine>> forgotten;  // ended without the lock
  std::lock_guard lock(mutex_);
  for (auto it = machines_.begin(); it != machines_.end();) {
    const bool used = it->second.use_count() > 1 || it->second->open_tunnel();
    if (used || it->first == id) {
      ++it;
      continue;
    }
    forgotten.push_back(std::move(it->second));
    it = machines_.erase(it);
  }
  auto& machine = machines_[id];
  if (!machine) machine = std::make_shared<Machine>(context_, id);
  return machine;
}

std::unique_ptr<remote::Stream> KeptModels::open(const std::string& job_id, const Wait& wait) {
  const Kept kept = find_kept(context_, job_id);
  const JobSpec spec = stored_spec(kept.job.spec);
  if (spec.serve.command.empty())
    throw Error(Fault::conflict, "job " + job_id + " does not say how its model is served",
                "give it `serve: {command: ...}`, or a template that has one");
  if (kept.job.outcome != "succeeded")
    throw Error(Fault::conflict, "job " + job_id + " did not succeed: there is no model to try", kept.job.hint);
  const auto machine = machine_of(kept.machine.id);
  auto use = std::make_unique<UseStream>(machine);
  machine->hold();
  if (const auto tunnel = machine->open_tunnel(); tunnel && kept.machine.serve_port > 0) {
    if (auto stream = connect_if_it_listens(*tunnel, kept.machine.serve_port, wait)) {
      use->carry(std::move(stream));
      return use;
    }
  }
  const Turn turn(machine, wait);
  const auto tunnel = reach(*machine, kept.machine, wait);
  ModelServer server(context_, kept.job, spec, kept.machine);
  use->carry(server.connect(*tunnel, wait));
  return use;
}

std::unique_ptr<remote::Stream> KeptModels::connect(const std::string& job_id, uint16_t port, const Wait& wait) {
  const Kept kept = find_kept(context_, job_id);
  const auto machine = machine_of(kept.machine.id);
  auto use = std::make_unique<UseStream>(machine);
  machine->hold();
  std::shared_ptr<remote::Tunnel> tunnel;
  {
    const Turn turn(machine, wait);
    tunnel = reach(*machine, kept.machine, wait);
  }
  use->carry(tunnel->open_tcp("127.0.0.1", port, wait));
  return use;
}

}  // namespace stoker::jobs
