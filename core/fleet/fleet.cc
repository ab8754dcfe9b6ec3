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
    const auto job = store::Jobs(connection).find(it.job_id);
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
  return db_.write("keep", [&](store::Connection& connection) {
    InstanceRow it = require(connection, id);
    if (it.phase != InstancePhase::alive)
      throw Error(Fault::conflict, "instance " + id + " can not be kept: it is " + to_string(it.phase));
    it.kept = true;
    it.keep_until_ms = idle_minutes ? clock_.wall_ms() + *idle_minutes * kMinute : 0;
    store::Instances(connection).update(it);
    return it;
  });
}

InstanceRow Fleet::stop_keeping(const std::string& id) {
  const InstanceRow row = db_.write("stop keeping", [&](store::Connection& connection) {
    InstanceRow it = require(connection, id);
    it.kept = false;
    it.keep_until_ms = 0;
    store::Instances(connection).update(it);
    return it;
  });
  work_.notify();
  return row;
}

Cost Fleet::cost_of(const InstanceRow& row, int64_t now_ms) {
  Cost cost{0, 0, row.currency};
  if (row.billed_from_ms == 0) return cost;
  const bool billing = row.gone_ms == 0;
  const int64_t lived = std::max<int64_t>(0, (billing ? now_ms : row.gone_ms) - row.billed_from_ms);
  cost.micros_so_far = static_cast<int64_t>(static_cast<double>(row.price_micros) * static_cast<double>(lived) / kHour);
  cost.micros_per_hour = billing ? row.price_micros : 0;
  return cost;
}

Cost Fleet::cost_of_job(const std::string& job_id) {
  const int64_t now = clock_.wall_ms();
  Cost total;
  for (const InstanceRow& row : db_.read([&](store::Connection& c) { return store::Instances(c).of_job(job_id); })) {
    const Cost one = cost_of(row, now);
    total.micros_so_far += one.micros_so_far;
    total.micros_per_hour += one.micros_per_hour;
    total.currency = one.currency;
  }
  return total;
}

}  // namespace stoker::fleet
