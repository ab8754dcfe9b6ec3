#include "core/fleet/sweeper.h"

#include <algorithm>
#include <set>

#include "core/fleet/creation.h"
#include "core/fleet/deletion.h"
#include "core/fleet/tidying.h"
#include "core/store/jobs.h"

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using plugin_host::InstanceState;
using store::InstancePhase;
using store::InstanceRow;

constexpr int64_t kSweepWhileAlive = 5 * kMinute, kSweepAfterwards = kHour;
constexpr int64_t kRemember = 24 * kHour;
constexpr int64_t kIdleRound = 5 * kMinute;

}  // namespace

Sweeper::~Sweeper() {
  closing_.request_stop();
  if (thread_.joinable()) ctx_.clock.join(thread_);
}

void Sweeper::start() {
  thread_ = ctx_.clock.start("sweeper", [this] { run(closing_.get_token()); });
}

void Sweeper::run(const std::stop_token& closing) {
  while (!closing.stop_requested()) {
    const uint64_t seen = ctx_.work.count();
    int64_t next = kMinute;
    try {
      next = round({closing});
    } catch (const std::exception& error) {
      if (ctx_.alarm) ctx_.alarm(std::string("the sweep failed and is tried again in a minute: ") + error.what());
    }
    ctx_.clock.wait(ctx_.work, seen, {closing, ctx_.clock.mono_ms() + next});
  }
}

int64_t Sweeper::round(const Wait& wait) {
  int64_t next = close_orphans();
  next = std::min(next, delete_due(wait));
  next = std::min(next, tidy_due(wait));
  // Asked anew each round: a machine may have been made since the last sweep found none. What turns up late does so
  // soon after: the hour after the last machine is watched as if it lived.
  const int64_t since = ctx_.clock.wall_ms() - kHour;
  const bool any = !ctx_.db.read([&](store::Connection& c) { return store::Instances(c).recent(since); }).empty();
  const int64_t every = any ? kSweepWhileAlive : kSweepAfterwards;
  if (!swept_ms_ || ctx_.clock.mono_ms() >= *swept_ms_ + every) {
    sweep(wait);
    swept_ms_ = ctx_.clock.mono_ms();
  }
  return std::max<int64_t>(0, std::min({next, *swept_ms_ + every - ctx_.clock.mono_ms(), kIdleRound}));
}

// Machines with no right to live: their job has ended and they are not kept, their idle time is over, their deadline
// has passed. Gives the time until the next idle time is over.
int64_t Sweeper::close_orphans() {
  const int64_t now = ctx_.clock.wall_ms();
  int64_t next = kIdleRound;
  std::vector<std::pair<InstanceRow, std::string>> condemned;
  ctx_.db.read([&](store::Connection& connection) {
    store::Jobs jobs(connection);
    for (const InstanceRow& row : store::Instances(connection).open()) {
      if (row.phase != InstancePhase::alive) continue;
      const auto job = jobs.find(row.holder);
      const int64_t idle_until = std::max(row.keep_until_ms, row.busy_until_ms);
      if (row.kept && row.keep_until_ms > 0 && idle_until >= now) next = std::min(next, idle_until - now + 1);
      const bool job_ended = !job || is_terminal(job->state);
      if (row.deadline_ms > 0 && now > row.deadline_ms)
        condemned.emplace_back(row, "its deadline has passed");
      else if (row.kept && job_ended && row.keep_until_ms > 0 && now > idle_until)
        condemned.emplace_back(row, "its idle time is over");
      else if (!row.kept && job_ended)
        condemned.emplace_back(row, "its job has ended");
      else if (!job_ended && job->instance_id != row.id && (row.holder != row.job_id || row.attempt < job->attempt))
        condemned.emplace_back(row, "the job went on with another machine");
    }
  });
  // Meanwhile somebody may have taken it, kept it or begun to use it.
  for (const auto& [row, reason] : condemned)
    mark_deleting(ctx_, row.id, reason, [&seen = row](const InstanceRow& it) {
      return it.holder == seen.holder && it.kept == seen.kept && it.keep_until_ms == seen.keep_until_ms &&
             it.busy_until_ms == seen.busy_until_ms;
    });
  return next;
}

// True once it is gone.
bool Sweeper::delete_once(const InstanceRow& row, Watch& watch, const Wait& wait) {
  const int64_t absent_for = watch.absent_since ? ctx_.clock.mono_ms() - *watch.absent_since : -1;
  const DeletionStep step = delete_step(ctx_, row, absent_for, wait);
  if (step.gone) return true;
  if (step.row.absent_since_ms == 0)
    watch.absent_since.reset();
  else if (!watch.absent_since)
    watch.absent_since = ctx_.clock.mono_ms();
  watch.due_ms = ctx_.clock.mono_ms() + step.again_in_ms;
  return false;
}

int64_t Sweeper::delete_due(const Wait& wait) {
  std::vector<InstanceRow> rows = ctx_.db.read([](store::Connection& c) { return store::Instances(c).open(); });
  std::erase_if(rows, [](const InstanceRow& row) { return row.phase != InstancePhase::deleting; });
  std::map<std::string, Watch> still;
  int64_t next = kIdleRound;
  for (const InstanceRow& row : rows) {
    Watch watch = deleting_[row.id];
    if (ctx_.clock.mono_ms() >= watch.due_ms && delete_once(row, watch, wait)) continue;
    next = std::min(next, std::max<int64_t>(0, watch.due_ms - ctx_.clock.mono_ms()));
    still[row.id] = watch;
  }
  deleting_ = std::move(still);
  return next;
}

// What ended machines left beside them: no bill hangs on it, but nobody else would remove it.
int64_t Sweeper::tidy_due(const Wait& wait) {
  std::map<std::string, Tidying> still;
  int64_t next = kIdleRound;
  for (const InstanceRow& row : ctx_.db.read([](store::Connection& c) { return store::Instances(c).untidy(); })) {
    Tidying tidying = tidying_[row.id];
    if (ctx_.clock.mono_ms() >= tidying.due_ms) {
      const int64_t asked = ctx_.clock.mono_ms();
      const TidyStep step =
          tidy_step(ctx_, row, tidying.failures, tidying.nothing_since ? asked - *tidying.nothing_since : -1, wait);
      if (step.done) continue;
      if (!step.failed && !step.nothing) tidying.nothing_since.reset();
      if (step.nothing && !tidying.nothing_since) tidying.nothing_since = asked;
      tidying.failures = step.failed ? tidying.failures + 1 : 0;
      tidying.due_ms = ctx_.clock.mono_ms() + step.again_in_ms;
    }
    next = std::min(next, std::max<int64_t>(0, tidying.due_ms - ctx_.clock.mono_ms()));
    still[row.id] = tidying;
  }
  tidying_ = std::move(still);
  return next;
}

void Sweeper::sweep(const Wait& wait) {
  const int64_t since = ctx_.clock.wall_ms() - kRemember;
  std::vector<InstanceRow> recent;
  std::set<std::string> accounts;
  ctx_.db.read([&](store::Connection& connection) {
    store::Instances rows(connection);
    recent = rows.recent(since);
    for (const auto& [account, region] : rows.regions()) accounts.insert(account);
  });
  for (const std::string& account : accounts) {
    try {
      sweep_account(account, recent, wait);
    } catch (const Error& error) {
      if (wait.cancel.stop_requested()) return;
      const bool owns = std::any_of(recent.begin(), recent.end(), [&](const InstanceRow& row) {
        return row.account == account && row.phase != InstancePhase::refused && row.phase != InstancePhase::gone;
      });
      if (owns && ctx_.alarm) ctx_.alarm("can not list the machines of " + account + ": " + error.what());
    }
  }
}

// A machine of this install that no row stands for.
void Sweeper::stray(const std::string& account, const Instance& it, const Wait& wait) {
  const bool expired = it.deadline_ms > 0 && ctx_.clock.wall_ms() > it.deadline_ms;
  if (ctx_.alarm)
    ctx_.alarm(account + " has a machine " + it.id + " (" + it.name + ") of this install that no job knows" +
               (expired ? "; its deadline has passed, deleting it" : "; destroy it if it is not wanted"));
  if (!expired) return;
  try {
    ctx_.provider(account)->remove({it.id, it.region, it.opaque}, wait.until(ctx_.clock.mono_ms() + kMinute));
  } catch (const Error& error) {
    if (ctx_.alarm && !wait.cancel.stop_requested())
      ctx_.alarm("deleting " + it.id + " of " + account + ": " + error.what() + "; tried again with the next sweep");
  }
}

// Our token on a machine that is not the one adopted for it: the cloud made two for one request, and showed one late.
// The row is read anew: a listing takes time, and the machine may have been adopted meanwhile.
void Sweeper::late_double(const InstanceRow& known, const Instance& it, const std::vector<Instance>& listed) {
  const bool condemned = ctx_.db.write("late double", [&](store::Connection& connection) {
    store::Instances rows(connection);
    for (const InstanceRow& row : rows.of_job(known.job_id))
      if (row.cloud_id == it.id) return false;
    const auto row = rows.find(known.id);
    if (!row || row->cloud_id.empty()) return false;
    const bool over = row->phase == InstancePhase::refused || row->phase == InstancePhase::gone;
    const bool proven = row->seen_alive || std::any_of(listed.begin(), listed.end(),
                                                       [&](const Instance& one) { return one.id == row->cloud_id; });
    if (!proven && !over) return false;  // the id it has may be wrong, and this the right one
    condemn_double(connection, *row, it);
    return true;
  });
  if (!condemned) return;
  if (ctx_.alarm) ctx_.alarm(known.provider + " made a second machine " + it.id + " for " + known.id + "; deleting it");
  ctx_.work.notify();
}

void Sweeper::sweep_account(const std::string& account, std::vector<InstanceRow>& rows, const Wait& wait) {
  const std::shared_ptr<plugin_host::Provider> provider = ctx_.provider(account);
  // Two credentials may open one cloud account, and then each lists what the other made.
  const std::string& kind = provider->facts().id;
  const std::vector<Instance> listed =
      provider->find(ctx_.install_id, "", wait.until(ctx_.clock.mono_ms() + 2 * kMinute));
  const auto row_of = [&](const Instance& it) {
    return std::find_if(rows.begin(), rows.end(), [&](const InstanceRow& row) {
      return row.provider == kind &&
             (row.cloud_id == it.id || (row.cloud_id.empty() && row.client_token == it.client_token));
    });
  };
  for (const Instance& it : listed) {
    if (it.state == InstanceState::gone) continue;
    const auto row = row_of(it);
    if (row == rows.end()) {
      const auto same = std::find_if(rows.begin(), rows.end(), [&](const InstanceRow& known) {
        return known.provider == kind && !it.client_token.empty() && known.client_token == it.client_token;
      });
      if (same != rows.end())
        late_double(*same, it, listed);
      else
        stray(account, it, wait);
    } else if (row->phase == InstancePhase::refused || row->phase == InstancePhase::gone) {
      if (ctx_.alarm) ctx_.alarm(row->id + " turned up at " + account + " after all and is being deleted");
      change(ctx_, "late arrival", row->id, [&](InstanceRow& late) {
        late.phase = InstancePhase::deleting;
        copy_facts(late, it);
        late.seen_alive = true;
        late.gone_ms = late.absent_since_ms = 0;
        if (late.billed_from_ms == 0) late.billed_from_ms = late.created_ms;
        late.reason = "it turned up after it was given up";
      });
      row->phase = InstancePhase::deleting;
      row->cloud_id = it.id;
      ctx_.work.notify();
    }
  }
  for (const InstanceRow& row : rows) {
    if (row.account != account || row.phase != InstancePhase::alive) continue;
    const bool there =
        std::any_of(listed.begin(), listed.end(), [&](const Instance& it) { return it.id == row.cloud_id; });
    if (there)
      missing_.erase(row.id);
    else
      missing(row, wait);
  }
}

// A listing without a machine that is known alive is an alarm, not a fact.
void Sweeper::missing(const InstanceRow& row, const Wait& wait) {
  if (ctx_.alarm) ctx_.alarm(row.provider + " does not list " + row.id + ", which is known to be alive");
  if (!is_absent(ctx_, row, wait.until(ctx_.clock.mono_ms() + 2 * kMinute))) {
    missing_.erase(row.id);
    return;
  }
  const auto [first, fresh] = missing_.try_emplace(row.id, ctx_.clock.mono_ms());
  if (fresh || ctx_.clock.mono_ms() - first->second < ctx_.provider(row.account)->facts().settle_ms) return;
  missing_.erase(first);
  mark_deleting(ctx_, row.id, "it vanished from " + row.provider);
}

}  // namespace stoker::fleet
