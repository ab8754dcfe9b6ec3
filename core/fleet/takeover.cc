#include "core/fleet/takeover.h"

#include <algorithm>
#include <cmath>

#include "core/fleet/estimate.h"
#include "core/fleet/fleet.h"
#include "core/fleet/intent.h"
#include "core/fleet/offers.h"
#include "core/store/jobs.h"

namespace stoker::fleet {
namespace {

using store::InstanceRow;

int64_t hours_ms(double hours) { return static_cast<int64_t>(hours * kHour); }

// How long the job may run on it and how much of that must be sure; nothing when its caps do not allow it at all.
struct Span {
  double allowed = 0, least = 0;  // hours; 0: no limit
};
std::optional<Span> span_of(const InstanceRow& row, const TakeoverRequest& request, int64_t spent_micros) {
  if (row.price_micros <= 0) return Span{request.max_hours, request.max_hours};
  const int64_t left = std::llround(request.max_cost * 1e6) - spent_micros;
  if (request.max_cost > 0 && left <= 0) return std::nullopt;
  const double affordable = static_cast<double>(left) / static_cast<double>(row.price_micros);
  if (request.max_hours > 0) {
    if (request.max_cost > 0 && std::llround(static_cast<double>(row.price_micros) * request.max_hours) > left)
      return std::nullopt;
    return Span{request.max_hours, request.max_hours};
  }
  const double allowed = request.max_cost > 0 ? affordable : kDefaultMaxHours;
  return Span{allowed, std::min(allowed, kLeastHours)};
}

// The row as the job would have it; nothing when it does not fit.
std::optional<InstanceRow> taken(store::Connection& connection, const TakeoverRequest& request, InstanceRow row,
                                 int64_t now_ms) {
  const store::Jobs jobs(connection);
  if (row.phase != store::InstancePhase::alive || !row.kept || !row.seen_alive || row.gpu_count < 0) return {};
  if ((row.keep_until_ms > 0 && now_ms >= row.keep_until_ms) || now_ms < row.busy_until_ms) return {};
  const auto holder = jobs.find(row.holder);
  if (!holder || !is_terminal(holder->state) || holder->owner != request.owner) return {};
  if (std::find(request.accounts.begin(), request.accounts.end(), row.account) == request.accounts.end()) return {};
  if (row.image != request.image || row.spot != request.query.spot) return {};
  if (row.gpu_count != static_cast<int>(request.query.min_gpus)) return {};
  plugin_host::Offer offer;
  offer.machine = row.machine;
  offer.region = row.region;
  offer.gpu_model = row.gpu_model;
  offer.gpu_count = static_cast<uint32_t>(row.gpu_count);
  offer.disk_bytes = static_cast<uint64_t>(row.disk_bytes);
  offer.price.per_hour.micros = row.price_micros;
  if (!satisfies(offer, request.query) || offer.disk_bytes < request.query.min_disk_bytes) return {};
  const int64_t spent = Fleet::cost_of_job(connection, request.job_id, now_ms).micros_so_far;
  const auto span = span_of(row, request, spent);
  if (!span) return {};
  const int64_t sure = row.made_deadline_ms - now_ms - kCollectGraceMs;
  if (row.made_deadline_ms > 0 && (sure <= 0 || sure < hours_ms(span->least))) return {};
  row.deadline_ms = row.made_deadline_ms;
  if (span->allowed > 0) {
    const int64_t own = now_ms + hours_ms(span->allowed) + kCollectGraceMs;
    row.deadline_ms = row.deadline_ms > 0 ? std::min(row.deadline_ms, own) : own;
  }
  row.kept = false;
  row.keep_until_ms = row.busy_until_ms = 0;
  row.serve_port = 0;
  row.holder = request.job_id;
  return row;
}

}  // namespace

std::vector<InstanceRow> warm_machines(store::Connection& connection, const TakeoverRequest& request, int64_t now_ms) {
  std::vector<InstanceRow> warm = store::Instances(connection).kept();
  std::erase_if(warm, [&](const InstanceRow& row) { return !taken(connection, request, row, now_ms); });
  const auto place = [&](const InstanceRow& row) {
    return std::find(request.accounts.begin(), request.accounts.end(), row.account) - request.accounts.begin();
  };
  std::stable_sort(warm.begin(), warm.end(), [&](const InstanceRow& a, const InstanceRow& b) {
    if (request.by_account && a.account != b.account) return place(a) < place(b);
    return a.price_micros < b.price_micros;
  });
  return warm;
}

std::optional<InstanceRow> take_over(store::Connection& connection, const TakeoverRequest& request,
                                     const std::string& id, int64_t now_ms) {
  store::Instances rows(connection);
  const auto found = rows.find(id);
  if (!found) return std::nullopt;
  auto row = taken(connection, request, *found, now_ms);
  if (!row) return std::nullopt;
  rows.update(*row);
  rows.end_use(id, now_ms);
  rows.begin_use({id, request.job_id, request.attempt, now_ms, 0});
  return row;
}

void give_back(InstanceRow& row, int64_t idle_ms, int64_t now_ms) {
  row.kept = true;
  row.keep_idle_ms = idle_ms;
  row.keep_until_ms = idle_ms >= 0 ? now_ms + idle_ms : 0;
  row.busy_until_ms = 0;
  row.deadline_ms = row.made_deadline_ms;
}

}  // namespace stoker::fleet
