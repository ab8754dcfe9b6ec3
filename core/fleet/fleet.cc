#include "core/fleet/fleet.h"

#include <algorithm>

#include "core/error.h"
#include "core/store/jobs.h"

namespace stoker::fleet {

using store::InstancePhase;
using store::InstanceRow;

namespace {

InstanceRow require(store::Connection& connection, const std::string& id) {
  auto row = store::Instances(connection).find(id);
  if (!row) throw Error(Fault::not_found, "no instance " + id, "stoker instances lists them");
  return *row;
}

int64_t price_of(const InstanceRow& row, int64_t ms) {
  return static_cast<int64_t>(static_cast<double>(row.price_micros) * static_cast<double>(ms) / kHour);
}

Cost cost_of_use(const store::UseRow& use, const InstanceRow& row, int64_t now_ms) {
  Cost cost{0, 0, row.currency};
  if (row.billed_from_ms == 0) return cost;
  const bool going_on = use.until_ms == 0 && row.gone_ms == 0;
  const int64_t end = going_on ? now_ms : use.until_ms == 0 ? row.gone_ms : use.until_ms;
  cost.micros_so_far = price_of(row, std::max<int64_t>(0, end - std::max(use.from_ms, row.billed_from_ms)));
  cost.micros_per_hour = going_on ? row.price_micros : 0;
  return cost;
}

}  // namespace

std::vector<InstanceRow> Fleet::list(int limit, const std::string& after) {
  return db_.read([&](store::Connection& connection) { return store::Instances(connection).list(limit, after); });
}

InstanceRow Fleet::get(const std::string& id) {
  return db_.read([&](store::Connection& connection) { return require(connection, id); });
}

InstanceRow Fleet::destroy(const std::string& id, const std::string& reason) {
  const InstanceRow row = db_.write("destroy", [&](store::Connection& connection) {
    InstanceRow it = require(connection, id);
    const auto job = store::Jobs(connection).find(it.holder);
    if (job && !is_terminal(job->state) && job->instance_id == id && job->state != store::JobState::releasing)
      throw Error(Fault::conflict, "instance " + id + " is in use by job " + job->id, "run: stoker cancel " + job->id);
    if (it.phase == InstancePhase::alive) {
      it.phase = InstancePhase::deleting;
      it.reason = reason;
      it.kept = false;
      it.keep_until_ms = it.absent_since_ms = 0;
      store::Instances(connection).update(it);
    }
    return it;
  });
  work_.notify();
  return row;
}

InstanceRow Fleet::keep(const std::string& id, std::optional<int64_t> idle_minutes) {
  const InstanceRow row = db_.write("keep", [&](store::Connection& connection) {
    InstanceRow it = require(connection, id);
    if (it.phase != InstancePhase::alive)
      throw Error(Fault::conflict, "instance " + id + " can not be kept: it is " + to_string(it.phase));
    it.kept = true;
    it.keep_idle_ms = idle_minutes ? *idle_minutes * kMinute : -1;
    it.keep_until_ms = idle_minutes ? clock_.wall_ms() + it.keep_idle_ms : 0;
    store::Instances(connection).update(it);
    return it;
  });
  work_.notify();
  return row;
}

InstanceRow Fleet::stop_keeping(const std::string& id) {
  const InstanceRow row = db_.write("stop keeping", [&](store::Connection& connection) {
    InstanceRow it = require(connection, id);
    it.kept = false;
    it.keep_until_ms = 0;
    it.keep_idle_ms = 0;  // nor is it kept again for its own sake when the job that has it now has ended
    store::Instances(connection).update(it);
    return it;
  });
  work_.notify();
  return row;
}

void Fleet::hold(const std::string& id, int64_t ms) {
  db_.write("hold", [&](store::Connection& connection) {
    InstanceRow it = require(connection, id);
    if (it.phase != InstancePhase::alive)
      throw Error(Fault::conflict, "instance " + id + " is not kept: it is " + to_string(it.phase));
    const auto job = store::Jobs(connection).find(it.holder);
    if (!it.kept || (job && !is_terminal(job->state))) return;
    it.busy_until_ms = clock_.wall_ms() + ms;
    if (it.keep_idle_ms >= 0) it.keep_until_ms = clock_.wall_ms() + it.keep_idle_ms;
    store::Instances(connection).update(it);
  });
}

Cost Fleet::cost_of(const InstanceRow& row, int64_t now_ms) {
  Cost cost{0, 0, row.currency};
  if (row.billed_from_ms == 0) return cost;
  const bool billing = row.gone_ms == 0;
  const int64_t lived = std::max<int64_t>(0, (billing ? now_ms : row.gone_ms) - row.billed_from_ms);
  cost.micros_so_far = price_of(row, lived);
  cost.micros_per_hour = billing ? row.price_micros : 0;
  return cost;
}

Cost Fleet::cost_of_job(const std::string& job_id) {
  return db_.read([&](store::Connection& c) { return cost_of_job(c, job_id, clock_.wall_ms()); });
}

Cost Fleet::cost_of_job(store::Connection& connection, const std::string& job_id, int64_t now_ms) {
  Cost total;
  const store::Instances rows(connection);
  for (const store::UseRow& use : rows.uses_by_job(job_id)) {
    const auto row = rows.find(use.instance_id);
    if (!row) continue;
    const Cost one = cost_of_use(use, *row, now_ms);
    total.micros_so_far += one.micros_so_far;
    total.micros_per_hour += one.micros_per_hour;
    total.currency = one.currency;
  }
  return total;
}

Cost Fleet::idle_cost_of(store::Connection& connection, const InstanceRow& row, int64_t now_ms) {
  Cost idle = cost_of(row, now_ms);
  for (const store::UseRow& use : store::Instances(connection).uses(row.id)) {
    const Cost one = cost_of_use(use, row, now_ms);
    idle.micros_so_far -= one.micros_so_far;
    idle.micros_per_hour -= one.micros_per_hour;
  }
  idle.micros_so_far = std::max<int64_t>(0, idle.micros_so_far);  // each was rounded by itself
  return idle;
}

}  // namespace stoker::fleet
