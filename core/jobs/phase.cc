#include "core/jobs/phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "core/fleet/fleet.h"
#include "core/jobs/checkpoints.h"
#include "core/jobs/log_ingest.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

constexpr int64_t kPatienceMs = 10 * kMinute;
constexpr int64_t kFollowPatienceMs =
    7 * 24 * kHour;  // a training outlives a network that is down; the caps still hold
constexpr int64_t kCostEveryMs = kMinute;
constexpr int64_t kCatchUpEveryMs = 5 * kSecond, kCatchUpMs = kSecond;

std::vector<std::pair<std::string, std::string>> secrets_of(const JobRun& run) {
  std::vector<std::pair<std::string, std::string>> secrets;
  for (const auto& [name, unused] : run.spec.secrets) {
    const auto value = run.ctx.vault.get("job/" + run.row.id + "/secret/" + name);
    if (!value) throw Error(Fault::internal, "the secret " + name + " is not in the vault");
    secrets.emplace_back(name, value->view());
  }
  return secrets;
}

// Watches the caps and reports the cost while the job runs.
class Meter {
 public:
  explicit Meter(JobRun& run) : run_(run), fleet_(run.ctx.db, run.ctx.clock, run.ctx.fleet_work) {
    const auto uses =
        run.ctx.db.read([&](store::Connection& c) { return store::Instances(c).uses_by_job(run.row.id); });
    since_ms_ = uses.empty() ? run.ctx.clock.wall_ms() : uses.back().from_ms;
  }

  void tick() {
    const int64_t now = run_.ctx.clock.mono_ms();
    if (now < next_ms_) return;
    next_ms_ = now + kSecond;
    const fleet::Cost cost = fleet_.cost_of_job(run_.row.id);
    const double so_far = static_cast<double>(cost.micros_so_far) / 1e6;
    if (now >= next_event_ms_) {
      next_event_ms_ = now + kCostEveryMs;
      JsonWriter json;
      json.begin_object()
          .member("per_hour", static_cast<double>(cost.micros_per_hour) / 1e6)
          .member("so_far", so_far)
          .key("cap");
      run_.spec.max_cost > 0 ? json.real(run_.spec.max_cost) : json.null();
      run_.emit("cost", json.member("currency", cost.currency).end_object().str());
    }
    if (run_.spec.max_cost > 0 && so_far >= run_.spec.max_cost)
      throw Error(Fault::invalid,
                  fmt::format("limits.max_cost of {:g} {} is reached", run_.spec.max_cost, cost.currency),
                  "raise limits.max_cost", "limits.max_cost");
    const double hours = static_cast<double>(run_.ctx.clock.wall_ms() - since_ms_) / kHour;
    if (run_.spec.max_hours > 0 && hours >= run_.spec.max_hours)
      throw Error(Fault::invalid, fmt::format("limits.max_hours of {:g} is reached", run_.spec.max_hours),
                  "raise limits.max_hours", "limits.max_hours");
  }

 private:
  JobRun& run_;
  fleet::Fleet fleet_;
  int64_t since_ms_ = 0;  // when the job got its machine
  int64_t next_ms_ = 0, next_event_ms_ = 0;
};

// When checkpoints are due to come home while the training goes on.
class CheckpointTimer {
 public:
  explicit CheckpointTimer(JobRun& run)
      : run_(run), every_ms_(static_cast<int64_t>(run.spec.checkpoints.every_minutes * kMinute)), due_ms_(next()) {}

  [[nodiscard]] bool due() const { return run_.ctx.clock.mono_ms() >= due_ms_; }

  // A checkpoint that can not be fetched now is fetched next time, or at the end.
  void fetch(const Meanwhile& meanwhile) {
    try {
      fetch_checkpoints(run_, false, kPatienceMs, meanwhile);
    } catch (const Error& error) {
      if (store::is_store_error(error) || run_.wait().cancel.stop_requested() || !error.field.empty()) throw;
      if (run_.ctx.alarm) run_.ctx.alarm("job " + run_.row.id + ": a checkpoint could not be fetched: " + error.what());
    }
    due_ms_ = next();
  }

 private:
  [[nodiscard]] int64_t next() const {
    if (run_.spec.checkpoints.path.empty()) return INT64_MAX;
    return run_.ctx.clock.mono_ms() + std::max(every_ms_, 5 * kSecond);
  }

  JobRun& run_;
  int64_t every_ms_, due_ms_;
};

// What the log has grown by while a checkpoint comes, which waits for it.
void catch_up(JobRun& run, remote::RunnerClient& runner, std::string_view phase, LogIngest& ingest) {
  const int64_t end = runner.status(phase, run.wait()).log_size, from = ingest.begin();
  if (end <= from) return;
  const int64_t until_ms = run.ctx.clock.mono_ms() + kCatchUpMs;
  remote::FollowSink sink;
  sink.data = [&](int64_t offset, std::string_view bytes) {
    ingest.add(offset, bytes);
    return offset + static_cast<int64_t>(bytes.size()) < end;
  };
  sink.gap = [&](int64_t lost_from, int64_t to) { ingest.gap(lost_from, to); };
  sink.tick = [&] { return run.ctx.clock.mono_ms() < until_ms; };
  (void)runner.follow(phase, from, sink, run.wait());
}

// Follows until the phase has ended and all of its log is stored, fetching checkpoints in between.
remote::PhaseStatus follow(JobRun& run, std::string_view phase, int64_t patience_ms,
                           const std::function<void()>& tick) {
  LogIngest ingest(run, phase);
  CheckpointTimer checkpoints(run);
  remote::FollowSink sink;
  sink.data = [&](int64_t offset, std::string_view bytes) {
    run.heard();
    ingest.add(offset, bytes);
    tick();
    return !checkpoints.due();
  };
  sink.gap = [&](int64_t from, int64_t to) { ingest.gap(from, to); };
  sink.tick = [&] {
    run.heard();
    ingest.flush();
    tick();
    return !checkpoints.due();
  };
  for (;;) {
    const auto ended = run.with_runner(patience_ms, [&](remote::RunnerClient& runner) {
      return runner.follow(phase, ingest.begin(), sink, run.wait());
    });
    if (ended) {
      ingest.finish();
      return *ended;
    }
    int64_t caught_up_ms = run.ctx.clock.mono_ms();
    const auto arriving = [&](remote::RunnerClient& runner) {
      tick();
      if (run.ctx.clock.mono_ms() - caught_up_ms < kCatchUpEveryMs) return;
      catch_up(run, runner, phase, ingest);
      caught_up_ms = run.ctx.clock.mono_ms();
    };
    checkpoints.fetch({arriving, tick});
  }
}

}  // namespace

remote::PhaseStatus run_phase(JobRun& run, std::string_view phase) {
  // Asked first: a phase that was started takes no secrets any more.
  // Another agent may have started it: then a network that is down must not end it.
  const int64_t patience_ms = run.found_in == run.row.state ? kFollowPatienceMs : kPatienceMs;
  const auto started = run.with_runner(patience_ms, [&](remote::RunnerClient& runner) {
    const remote::PhaseStatus before = runner.status(phase, run.wait());
    if (before.state != "absent") return before;
    runner.put_secrets(secrets_of(run), run.wait());
    return runner.start(phase, run.wait());
  });
  if (started.state == "absent") throw Error(Fault::internal, std::string(phase) + " did not start");
  Meter meter(run);
  return follow(run, phase, kFollowPatienceMs, [&] { meter.tick(); });
}

void drain_log(JobRun& run, std::string_view phase) {
  const auto status =
      run.with_runner(kPatienceMs, [&](remote::RunnerClient& runner) { return runner.status(phase, run.wait()); });
  if (status.ended()) follow(run, phase, kPatienceMs, [] {});
}

std::string failure_of(const remote::PhaseStatus& status, std::string_view phase) {
  if (status.state == "lost") return fmt::format("{} ended, but its exit code was lost with its supervisor", phase);
  if (status.state == "rebooted") return fmt::format("the machine was restarted during {}", phase);
  if (status.exit_signal) {
    const char* name = ::sigabbrev_np(*status.exit_signal);
    return fmt::format("{} was ended by signal SIG{}", phase, name ? name : std::to_string(*status.exit_signal));
  }
  if (status.exit_code.value_or(-1) != 0)
    return fmt::format("{} exited with code {}", phase, status.exit_code.value_or(-1));
  return {};
}

}  // namespace stoker::jobs
