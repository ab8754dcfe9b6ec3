#include "core/fleet/intent.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/fleet/fleet.h"
#include "core/store/accounts.h"

namespace stoker::fleet {
namespace {

double units(int64_t micros) { return static_cast<double>(micros) / 1e6; }

}  // namespace

double allowed_hours(const IntentRequest& request, int64_t spent_micros) {
  const double price = units(request.offer.offer.price.per_hour.micros);
  if (request.max_cost <= 0 || price <= 0) return request.max_hours;
  const double affordable = std::max(0.0, request.max_cost - units(spent_micros)) / price;
  return request.max_hours > 0 ? std::min(request.max_hours, affordable) : affordable;
}

store::InstanceRow commit_intent(FleetContext& ctx, const IntentRequest& request) {
  const plugin_host::Offer& offer = request.offer.offer;
  const int64_t now = ctx.clock.wall_ms();
  store::InstanceRow row;
  row.id = row.client_token = instance_name(ctx.install_id, request.job_id, request.attempt);
  row.job_id = row.holder = request.job_id;
  row.attempt = request.attempt;
  row.provider = request.offer.account.provider;
  row.account = request.offer.account.id;
  row.offer_id = offer.id;
  row.offer_opaque = offer.opaque;
  row.machine = offer.machine;
  row.region = offer.region;
  row.zone = offer.zone;
  row.price_micros = offer.price.per_hour.micros;
  row.currency = offer.price.per_hour.currency;
  row.created_ms = now;
  row.gpu_model = offer.gpu_model;
  row.gpu_count = static_cast<int>(request.gpus);
  row.image = request.image;
  row.disk_bytes = std::max(static_cast<int64_t>(offer.disk_bytes), request.disk_bytes);
  row.spot = request.spot;
  return commit(ctx, "intent", [&](store::Connection& connection) {
    if (request.offer.account.connected && !store::Accounts(connection).find(row.account))
      throw Error(Fault::unsupported, "account " + row.account + " was removed");
    store::Instances rows(connection);
    const int64_t spent = Fleet::cost_of_job(connection, request.job_id, now).micros_so_far;
    const double price = units(row.price_micros);
    // In whole millionths: 0.1 x 3 is not more than 0.3.
    const int64_t left = std::llround(request.max_cost * 1e6) - spent;
    if (request.max_cost > 0 && left <= 0 && price > 0)
      throw Error(Fault::invalid, fmt::format("limits.max_cost of {:g} {} is used up", request.max_cost, row.currency),
                  "raise limits.max_cost", "limits.max_cost");
    if (request.max_cost > 0 && request.max_hours > 0 &&
        std::llround(static_cast<double>(row.price_micros) * request.max_hours) > left)
      throw Error(Fault::invalid,
                  fmt::format("{} of {} at {:.2f} {}/h for {:g} h would cost more than the {:.2f} {} that are left",
                              row.machine, row.provider, price, row.currency, request.max_hours,
                              request.max_cost - units(spent), row.currency),
                  "raise limits.max_cost or lower limits.max_hours", "limits.max_cost");
    const double hours = allowed_hours(request, spent);
    if (hours > 0) row.deadline_ms = now + static_cast<int64_t>(hours * kHour) + kCollectGraceMs;
    row.made_deadline_ms = row.deadline_ms > 0 && request.keep ? row.deadline_ms + kKeepRoomMs : row.deadline_ms;
    rows.insert(row);
    rows.remember_region(row.account, row.region);
    return row;
  });
}

}  // namespace stoker::fleet
