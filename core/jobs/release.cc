// Lets go of the machine: kept when asked for, else deleted until it is confirmed gone. Only then is the job over.
#include <algorithm>

#include "core/fleet/creation.h"
#include "core/fleet/takeover.h"
#include "core/jobs/machine_keys.h"
#include "core/jobs/stages.h"

namespace stoker::jobs {
namespace {

using store::InstancePhase;
using store::InstanceRow;
using store::JobState;

constexpr int64_t kStopGraceMs = 2 * kSecond;

// The job's files leave a machine that lives on, a kept one or the user's own, unless its model is to be served from
// them. A kept machine that is rented ends itself at its deadline should no agent be left to do it.
void tidy(JobRun& run, const InstanceRow& machine, bool keep) {
  run.limit(kMinute);
  try {
    const bool users_own = run.ctx.provider(machine.account)->facts().power_off == STOKER_POWER_OFF_FORBIDDEN;
    const bool serves = keep && !run.spec.serve.command.empty();
    if (!keep && !users_own) return;
    run.with_runner(kMinute, [&](remote::RunnerClient& runner) {
      serves ? runner.stop(kStopGraceMs, run.wait()) : runner.clean(run.wait());
      if (users_own || machine.made_deadline_ms == 0) return;
      runner.install(run.wait());  // makes the folder again
      const int64_t left = std::max(machine.made_deadline_ms - run.ctx.clock.wall_ms(), kMinute);
      runner.arm(left, 0, true, run.wait());
    });
  } catch (const Error& error) {
    if (run.closing().cancel.stop_requested() || store::is_store_error(error)) throw;
    if (run.ctx.alarm) run.ctx.alarm("job " + run.row.id + " left its files on " + machine.id + ": " + error.what());
  }
}

// The machines of the job that are neither kept, with nobody's use going on, nor refused nor gone.
std::vector<InstanceRow> unsettled(const JobRun& run) {
  return run.ctx.db.read([&](store::Connection& c) {
    const store::Instances instances(c);
    auto rows = instances.held_by(run.row.id);
    std::erase_if(rows, [&](const InstanceRow& row) {
      if (row.phase == InstancePhase::refused || row.phase == InstancePhase::gone) return true;
      if (row.phase != InstancePhase::alive || !row.kept) return false;
      const auto uses = instances.uses(row.id);
      return uses.empty() || uses.back().until_ms > 0;
    });
    return rows;
  });
}

// How long the machine is kept idle (-1: without a limit), if it is. What a person said of it while the job ran holds;
// then what the job says; and a machine that was kept without a limit before the job took it is so afterwards.
std::optional<int64_t> idle_ms_of(const JobRun& run, const InstanceRow& machine) {
  if (machine.kept) return machine.keep_idle_ms;
  if (machine.id != run.row.instance_id || !machine.seen_alive) return std::nullopt;
  if (machine.holder != machine.job_id && machine.keep_idle_ms < 0) return -1;
  if (run.spec.after != After::keep) return std::nullopt;
  return run.spec.keep_idle_minutes ? *run.spec.keep_idle_minutes * kMinute : -1;
}

void keep(JobRun& run, const InstanceRow& machine, int64_t idle_ms) {
  fleet::commit(run.fleet, "kept", [&](store::Connection& connection) {
    store::Instances rows(connection);
    InstanceRow it = rows.find(machine.id).value();
    if (it.phase != InstancePhase::alive || it.holder != run.row.id) return it;  // destroyed meanwhile
    fleet::give_back(it, idle_ms, run.ctx.clock.wall_ms());
    rows.update(it);
    rows.end_use(it.id, run.ctx.clock.wall_ms());
    return it;
  });
  run.ctx.fleet_work.notify();  // the sweeper looks when its idle time is over
}

void let_go(JobRun& run, const InstanceRow& machine) {
  if (machine.phase == InstancePhase::intent) {
    fleet::change(run.fleet, "intent withdrawn", machine.id, [](InstanceRow& it) {
      it.phase = InstancePhase::refused;
      it.reason = "it was never asked for";
    });
  } else if (machine.phase == InstancePhase::unknown) {
    fleet::resolve_instance(run.fleet, machine, run.closing());
  } else if (machine.phase == InstancePhase::alive) {
    const auto idle_ms = idle_ms_of(run, machine);
    if (machine.id == run.row.instance_id && !machine.ssh_host.empty() && !machine.host_public_key.empty())
      tidy(run, machine, idle_ms.has_value());
    run.disconnect();
    if (idle_ms)
      keep(run, machine, *idle_ms);
    else
      fleet::mark_deleting(run.fleet, machine.id, "its job has ended");
  }
}

// A kept machine is still logged in to, with the keys of the job it was made for.
void erase_keys(JobRun& run) {
  const auto [held, made] = run.ctx.db.read([&](store::Connection& c) {
    return std::pair(store::Instances(c).held_by(run.row.id), store::Instances(c).of_job(run.row.id));
  });
  const bool kept =
      std::any_of(made.begin(), made.end(), [](const InstanceRow& row) { return row.phase == InstancePhase::alive; });
  run.ctx.vault.erase_all("job/" + run.row.id + (kept ? "/secret/" : "/"));
  for (const InstanceRow& row : held)
    if (row.job_id != run.row.id) erase_unneeded_keys(run.ctx, row.job_id);
}

}  // namespace

void release(JobRun& run) {
  for (int64_t pause = 20;; pause = std::min(pause * 2, 2 * kSecond)) {
    run.ctx.clock.check(run.closing(), "letting go of the machine");
    for (const InstanceRow& machine : unsettled(run)) let_go(run, machine);
    if (unsettled(run).empty()) break;
    run.ctx.clock.sleep(pause, run.closing());
  }
  run.disconnect();
  erase_keys(run);
  run.commit("ended", [&](store::JobRow& it) {
    // A training that went well and whose results were lost on the way did not succeed as a job.
    const bool well = it.outcome == "succeeded" && it.reason.empty();
    it.state = well ? JobState::succeeded : it.outcome == "cancelled" ? JobState::cancelled : JobState::failed;
    it.ended_ms = run.ctx.clock.wall_ms();
  });
}

}  // namespace stoker::jobs
