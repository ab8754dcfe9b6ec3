// Reaches the machine, proves its identity, puts the runner in place and arms the dead-man's switch.
#include <algorithm>

#include "core/fleet/context.h"
#include "core/fleet/user_data.h"
#include "core/jobs/stages.h"
#include "core/jobs/warm_start.h"

namespace stoker::jobs {
namespace {

constexpr int64_t kReachMs = 15 * kMinute;      // a machine that boots slowly
constexpr int64_t kKeyRefusedMs = 2 * kMinute;  // sshd may be up before the start of the machine has placed our keys
constexpr char kOutOfReach[] = "it could not be reached: ";
constexpr int64_t kIdleGraceMs = 30 * kMinute;
constexpr int64_t kNoCapMs = 365 * 24 * kHour;  // for a machine that costs nothing and has no limits.max_hours

void arm(JobRun& run, remote::RunnerClient& runner) {
  const store::InstanceRow machine = run.instance();
  const plugin_host::ProviderFacts facts = run.ctx.provider(machine.account)->facts();
  const bool power_off = facts.power_off != STOKER_POWER_OFF_FORBIDDEN;
  const int64_t left =
      machine.deadline_ms > 0 ? std::max(machine.deadline_ms - run.ctx.clock.wall_ms(), kMinute) : kNoCapMs;
  const remote::Armed armed =
      runner.arm(left, kIdleGraceMs, power_off, run.wait().until(run.ctx.clock.mono_ms() + kMinute));
  if (!armed.armed || armed.hard_cap_ms != left)
    throw Error(Fault::internal, "the dead-man's switch of " + machine.id + " did not take its settings");
  if (power_off && (facts.capabilities & STOKER_CAP_START_SCRIPT) != 0 && !armed.root)
    throw Error(Fault::unsupported,
                machine.id + " can not end itself: it has neither curl nor python3, or no key of its own",
                "use an image that has one of them");
  if (power_off && (facts.capabilities & STOKER_CAP_USER_DATA) != 0 && !armed.root)
    throw Error(Fault::unsupported,
                "the user of " + machine.id + " may not become root, so it would power itself off " +
                    std::to_string(fleet::kBootGraceMinutes) + " minutes after its boot",
                "use an image whose user may sudo without a password");
}

// What sshd shows before a start script has set its keys is not ours: nothing was sent to it, and it is asked again.
bool may_lack_keys(const JobRun& run, const Error& error) {
  const auto capabilities = run.ctx.provider(run.instance().account)->facts().capabilities;
  return error.fault == Fault::auth ||
         (error.fault == Fault::forbidden && (capabilities & STOKER_CAP_START_SCRIPT) != 0);
}

// A rented machine that was not reached once is given up for another offer. In this order: an agent that dies in
// between tries the machine again, and none is forgotten.
void leave_for_another(JobRun& run, const Error& error) {
  const store::InstanceRow machine = run.instance();
  run.commit("out of reach", [](store::JobRow& it) { it.state = store::JobState::provisioning; });
  fleet::mark_deleting(run.fleet, machine.id, std::string(kOutOfReach) + error.what());
}

// Two in a row are not their hosts' fault: it is the way there, and a third would cost for nothing.
bool may_be_left(const JobRun& run, const Error& error) {
  const auto rows = run.ctx.db.read([&](store::Connection& c) { return store::Instances(c).of_job(run.row.id); });
  const bool was_left = std::any_of(rows.begin(), rows.end(),
                                    [](const store::InstanceRow& row) { return row.reason.starts_with(kOutOfReach); });
  const bool rented = run.ctx.provider(run.instance().account)->facts().power_off != STOKER_POWER_OFF_FORBIDDEN;
  return error.fault == Fault::unavailable && rented && !was_left && !store::is_store_error(error);
}

}  // namespace

void connect(JobRun& run) {
  std::optional<int64_t> refused_ms;  // since when our key is
  for (;;) {
    try {
      run.with_runner(kReachMs, [&](remote::RunnerClient& runner) {
        arm(run, runner);
        clean_up_after_others(run, runner);  // once our own dead-man's switch is set
      });
      break;
    } catch (const Error& error) {
      if (may_be_left(run, error)) return leave_for_another(run, error);
      if (!refused_ms) refused_ms = run.ctx.clock.mono_ms();
      if (!may_lack_keys(run, error) || run.ctx.clock.mono_ms() - *refused_ms > kKeyRefusedMs) throw;
      run.ctx.clock.sleep(2 * kSecond, run.wait());
      run.ctx.clock.check(run.wait(), "logging in");
    }
  }
  run.commit("staging", [](store::JobRow& it) { it.state = store::JobState::staging; });
}

}  // namespace stoker::jobs
