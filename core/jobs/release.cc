// Lets go of the machine: kept when asked for, else deleted until it is confirmed gone. Only then is the job over.
#include <algorithm>

#include "core/fleet/creation.h"
#include "core/jobs/stages.h"

namespace stoker::jobs {
namespace {

using store::InstancePhase;
using store::InstanceRow;
using store::JobState;

// The job's files leave a machine that lives on: a kept one, or the user's own.
void tidy(JobRun& run, const InstanceRow& machine, bool keep) {
  run.limit(kMinute);
  try {
    const bool users_own = run.ctx.provider(machine.account)->facts().power_off == STOKER_POWER_OFF_FORBIDDEN;
    if (!keep && !users_own) return;
    run.with_runner(kMinute, [&](remote::RunnerClient& runner) { runner.clean(run.wait()); });
  } catch (const Error& error) {
    if (run.closing().cancel.stop_requested() || store::is_store_error(error)) throw;
    if (run.ctx.alarm) run.ctx.alarm("job " + run.row.id + " left its files on " + machine.id + ": " + error.what());
  }
}

// Every row of the job ends kept, refused or gone.
bool all_settled(JobRun& run) {
  const auto rows = run.ctx.db.read([&](store::Connection& c) { return store::Instances(c).of_job(run.row.id); });
  return std::all_of(rows.begin(), rows.end(), [](const InstanceRow& row) {
    return row.phase == InstancePhase::refused || row.phase == InstancePhase::gone ||
           (row.phase == InstancePhase::alive && row.kept);
  });
}

void let_go(JobRun& run, const InstanceRow& machine) {
  if (machine.phase == InstancePhase::intent) {
    fleet::change(run.fleet, "intent withdrawn", machine.id, [](InstanceRow& it) {
      it.phase = InstancePhase::refused;
      it.reason = "it was never asked for";
    });
  } else if (machine.phase == InstancePhase::unknown) {
    fleet::resolve_instance(run.fleet, machine, run.closing());
  } else if (machine.phase == InstancePhase::alive && !machine.kept) {
    const bool keep = run.spec.after == After::keep && machine.id == run.row.instance_id && machine.seen_alive;
    if (machine.id == run.row.instance_id && !machine.ssh_host.empty() && !machine.host_public_key.empty())
      tidy(run, machine, keep);
    run.disconnect();
    if (!keep)
      fleet::mark_deleting(run.fleet, machine.id, "its job has ended");
    else
      fleet::change(run.fleet, "kept", machine.id, [&](InstanceRow& it) {
        if (it.phase != InstancePhase::alive) return;  // destroyed meanwhile
        it.kept = true;
        const auto idle = run.spec.keep_idle_minutes;
        it.keep_until_ms = idle ? run.ctx.clock.wall_ms() + *idle * kMinute : 0;
      });
  }
}

}  // namespace

void release(JobRun& run) {
  for (int64_t pause = 20; !all_settled(run); pause = std::min(pause * 2, 2 * kSecond)) {
    run.ctx.clock.check(run.closing(), "letting go of the machine");
    for (const InstanceRow& machine :
         run.ctx.db.read([&](store::Connection& c) { return store::Instances(c).of_job(run.row.id); }))
      let_go(run, machine);
    if (all_settled(run)) break;
    run.ctx.clock.sleep(pause, run.closing());
  }
  run.disconnect();
  const bool kept = run.row.attempt > 0 && run.instance().kept;
  run.ctx.vault.erase_all("job/" + run.row.id + (kept ? "/secret/" : "/"));  // a kept machine is still logged in to
  run.commit("ended", [&](store::JobRow& it) {
    // A training that went well and whose results were lost on the way did not succeed as a job.
    const bool well = it.outcome == "succeeded" && it.reason.empty();
    it.state = well ? JobState::succeeded : it.outcome == "cancelled" ? JobState::cancelled : JobState::failed;
    it.ended_ms = run.ctx.clock.wall_ms();
  });
}

}  // namespace stoker::jobs
