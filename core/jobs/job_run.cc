#include "core/jobs/job_run.h"

#include <algorithm>
#include <array>

#include "core/fleet/deletion.h"
#include "core/jobs/machine_keys.h"
#include "core/jobs/stages.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

using store::JobState;

struct Stage {
  JobState state;
  void (*enter)(JobRun&);
};
constexpr std::array kStages{Stage{JobState::queued, provision},   Stage{JobState::provisioning, provision},
                             Stage{JobState::connecting, connect}, Stage{JobState::staging, stage},
                             Stage{JobState::setup, setup},        Stage{JobState::running, train},
                             Stage{JobState::collecting, collect}, Stage{JobState::releasing, release}};

constexpr int64_t kRetryMs = 5 * kSecond, kMaxRetryMs = kMinute;
constexpr int kMaxSurprises = 3;

std::string state_event(const store::JobRow& row) {
  JsonWriter json;
  json.begin_object().member("state", store::to_string(row.state));
  if (!row.outcome.empty()) json.member("outcome", row.outcome);
  if (!row.reason.empty()) json.member("reason", to_utf8(row.reason));
  return json.end_object().str();
}

std::string end_event(const store::JobRow& row) {
  JsonWriter json;
  json.begin_object().member("state", store::to_string(row.state)).member("outcome", row.outcome).key("exit_code");
  row.exit_code ? json.integer(*row.exit_code) : json.null();
  if (!row.reason.empty()) json.member("reason", to_utf8(row.reason));
  if (!row.hint.empty()) json.member("hint", to_utf8(row.hint));
  return json.end_object().str();
}

}  // namespace

JobRun::JobRun(const PipelineContext& context, store::JobRow job, std::stop_token interrupt, std::stop_token closing)
    : ctx(context),
      fleet(fleet_context(context)),
      row(std::move(job)),
      spec(stored_spec(row.spec)),
      found_in(row.state),
      interrupt_(std::move(interrupt)),
      closing_(std::move(closing)) {}

void JobRun::run() {
  bool stale = false;
  for (int64_t pause = kRetryMs; !is_terminal(row.state) && !closing_.stop_requested();) {
    try {
      if (stale) row = ctx.db.read([&](store::Connection& c) { return store::Jobs(c).find(row.id); }).value();
      stale = false;
      step();
      pause = kRetryMs;
    } catch (const std::exception& error) {
      // The store can not be written, memory is short, or a machine can not be let go yet. The machine goes on; so do
      // we, from what is stored, once it is better.
      if (closing_.stop_requested()) return;
      disconnect();
      if (ctx.alarm) ctx.alarm("job " + row.id + " can not go on yet: " + error.what() + "; trying again");
      stale = true;
      ctx.clock.sleep(pause, closing());
      pause = std::min(pause * 2, kMaxRetryMs);
    }
  }
}

void JobRun::step() {
  cleaning_up_ = row.state >= JobState::collecting;
  deadline_ms_ = INT64_MAX;
  try {
    if (row.cancel_requested && !cleaning_up_) throw Error(Fault::cancelled, "cancelled");
    for (const Stage& stage : kStages)
      if (stage.state == row.state) return stage.enter(*this);
  } catch (const Error& error) {
    if (closing_.stop_requested() || store::is_store_error(error)) throw;
    give_up(error);
  } catch (const std::exception& error) {
    // Nothing that is known to happen. Once may be bad luck (memory); for ever it would cost money.
    if (closing_.stop_requested() || row.state == JobState::releasing || ++surprises_ < kMaxSurprises) throw;
    surprises_ = 0;
    give_up(Error(Fault::internal, std::string("unexpected: ") + error.what()));
  }
}

// What a failed stage leads to: results are fetched where there may be some, then the machine goes.
void JobRun::give_up(const Error& error) {
  const auto stored = ctx.db.read([&](store::Connection& c) { return store::Jobs(c).find(row.id); });
  const bool cancelled = stored && stored->cancel_requested && row.state < JobState::collecting;
  const bool reached = row.state >= JobState::staging && row.state < JobState::collecting;
  if (row.state == JobState::releasing) throw error;
  commit("give up", [&](store::JobRow& it) {
    it.cancel_requested = cancelled || it.cancel_requested;
    if (it.outcome.empty()) it.outcome = cancelled ? "cancelled" : "failed";
    const std::string what = cancelled ? "cancelled" : error.what();
    it.reason = it.reason.empty() ? what : it.reason + "; " + what;
    if (it.hint.empty() && !cancelled) it.hint = error.hint;
    it.state = reached ? JobState::collecting : JobState::releasing;
  });
}

void JobRun::commit(const char* what, const std::function<void(store::JobRow&)>& edit,
                    const std::function<void(store::Connection&)>& also) {
  const store::JobRow before = row;
  store::JobRow after = row;
  edit(after);
  ctx.db.write(what, [&](store::Connection& connection) {
    store::Jobs jobs(connection);
    // A cancel may have come in since this thread read the row; it is never overwritten.
    if (const auto stored = jobs.find(after.id)) after.cancel_requested |= stored->cancel_requested;
    jobs.update(after);
    if (after.state != before.state || after.outcome != before.outcome)
      append_event(ctx, connection, after.id, "state", state_event(after));
    if (is_terminal(after.state)) append_event(ctx, connection, after.id, "end", end_event(after));
    if (also) also(connection);
  });
  row = after;
  ctx.feed.publish(row.id);
}

void JobRun::emit(std::string_view kind, const std::string& data) {
  ctx.db.write("event", [&](store::Connection& connection) { append_event(ctx, connection, row.id, kind, data); });
  ctx.feed.publish(row.id);
}

store::InstanceRow JobRun::instance() const {
  auto found = ctx.db.read([&](store::Connection& c) { return store::Instances(c).find(row.instance_id); });
  if (!found) throw Error(Fault::internal, "job " + row.id + " has no instance");
  return *found;
}

std::string JobRun::job_folder() const { return row.id + "-" + std::to_string(row.attempt); }

std::filesystem::path JobRun::home() const { return ctx.state_dir / "jobs" / row.id; }

void JobRun::disconnect() {
  runner_.reset();
  session_.reset();
}

// One "not found" may be a lie: the machine is gone when it is absent by id and by list, a settle time later still. A
// cloud that does not answer says nothing about a machine.
plugin_host::Instance JobRun::ask_provider(const store::InstanceRow& machine) {
  const std::shared_ptr<plugin_host::Provider> provider = ctx.provider(machine.account);
  const Wait call = wait().until(ctx.clock.mono_ms() + kMinute);
  try {
    plugin_host::Instance now = provider->get(fleet::ref_of(machine), call);
    if (now.state != plugin_host::InstanceState::gone) {
      absent_since_ms_.reset();
      return now;
    }
  } catch (const Error& error) {
    ctx.clock.check(wait(), "asking for the machine");
    if (error.fault != Fault::not_found)
      throw Error(Fault::unavailable, machine.provider + " does not tell how " + machine.id + " is: " + error.what());
  }
  if (!absent_since_ms_) absent_since_ms_ = ctx.clock.mono_ms();
  bool gone = false;
  try {
    gone = ctx.clock.mono_ms() - *absent_since_ms_ >= provider->facts().settle_ms &&
           fleet::is_absent(fleet, machine, call);
  } catch (const Error&) {
    ctx.clock.check(wait(), "asking for the machine");
  }
  if (gone) throw Error(Fault::not_found, machine.provider + " no longer has the machine " + machine.id);
  throw Error(Fault::unavailable, machine.provider + " does not show the machine " + machine.id);
}

void JobRun::connect(int64_t give_up_ms) {
  const Wait patience = wait().until(give_up_ms);
  if (!session_) log_in(instance(), patience);
  runner_.emplace(*session_, ctx.runners, job_folder());
  runner_->install(patience.until(ctx.clock.mono_ms() + 5 * kMinute));
}

void JobRun::try_login(const store::InstanceRow& machine, int64_t patience_ms) {
  disconnect();
  absent_since_ms_.reset();
  log_in(machine, wait().until(ctx.clock.mono_ms() + patience_ms));
}

void JobRun::log_in(store::InstanceRow machine, const Wait& patience) {
  if (machine.phase != store::InstancePhase::alive)
    throw Error(Fault::not_found, "the machine " + machine.id + " is being deleted: " + machine.reason);
  const plugin_host::Instance now = ask_provider(machine);
  using plugin_host::InstanceState;
  if (now.state != InstanceState::running && now.state != InstanceState::pending && now.state != InstanceState::unknown)
    throw Error(Fault::not_found, "the machine " + machine.id + " is " + to_string(now.state),
                now.status_text.empty() ? "" : machine.provider + " says: " + now.status_text);
  // A restart may have changed where it is; who it is proves its host key.
  const auto port = static_cast<int>(now.ssh_port);
  if (!now.ssh_host.empty() && (now.ssh_host != machine.ssh_host || port != machine.ssh_port))
    machine = fleet::change(fleet, "address", machine.id, [&](store::InstanceRow& it) {
      it.ssh_host = now.ssh_host;
      it.ssh_port = port;
    });
  const remote::Target target = login_target(ctx, machine, now.ssh_private_key);
  session_ = ctx.connector.connect(target, patience.until(ctx.clock.mono_ms() + 30 * kSecond));
}

// A limit of one call that passed (deadline) is like a broken connection as long as the stage itself has time left.
bool JobRun::may_retry(const Error& error, int64_t pause, int64_t give_up_ms) const {
  if (error.fault != Fault::unavailable && error.fault != Fault::deadline) return false;
  const int64_t then = ctx.clock.mono_ms() + pause;
  return !store::is_store_error(error) && then <= give_up_ms && then < wait().deadline_ms;
}

void JobRun::rest_before_retry(const Error& error, int64_t pause) {
  if (ctx.alarm) ctx.alarm("job " + row.id + ": " + error.what() + "; trying again");
  ctx.clock.sleep(pause, wait());
  ctx.clock.check(wait(), "connecting again");
}

}  // namespace stoker::jobs
