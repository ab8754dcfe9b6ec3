#include "core/fleet/estimate.h"

#include <algorithm>
#include <cmath>

namespace stoker::fleet {
namespace {

// From the create until a training can begin and from its end until the machine is gone, at best; both are billed.
constexpr double kLeastHours = 0.1;

double units(int64_t micros) { return static_cast<double>(micros) / 1e6; }

}  // namespace

double billed_hours(double hours, const plugin_host::Price& price) {
  const double step = std::max<double>(price.granularity_s, 1);
  // A hair less than a whole number of steps is what is left of exact arithmetic.
  const double seconds = std::max<double>(std::ceil(hours * 3600 / step - 1e-9) * step, price.minimum_s);
  return seconds / 3600;
}

Estimate estimate(const EstimateRequest& request) {
  const plugin_host::Price& first = request.offers.front().offer.price;
  Estimate out;
  out.currency = first.per_hour.currency;
  out.granularity_s = first.granularity_s;
  out.minimum_s = first.minimum_s;
  out.per_hour = {units(first.per_hour.micros), units(first.per_hour.micros), units(first.per_hour.micros)};
  for (const AccountOffer& one : request.offers) {
    if (one.offer.price.per_hour.currency != out.currency) continue;
    out.per_hour.low = std::min(out.per_hour.low, units(one.offer.price.per_hour.micros));
    out.per_hour.high = std::max(out.per_hour.high, units(one.offer.price.per_hour.micros));
  }
  double max_hours = request.max_hours;
  if (request.max_cost > 0 && out.per_hour.low > 0) {
    const double affordable = request.max_cost / out.per_hour.low;
    max_hours = max_hours > 0 ? std::min(max_hours, affordable) : affordable;
  }
  if (max_hours == 0) max_hours = kDefaultMaxHours;
  out.hours = request.hours.value_or(Range{std::min(kLeastHours, max_hours), std::nullopt, max_hours});
  out.hours.low = std::min(out.hours.low, max_hours);
  out.hours.high = std::min(out.hours.high, max_hours);
  if (out.hours.likely) out.hours.likely = std::min(*out.hours.likely, max_hours);
  out.cap = out.per_hour.high * max_hours;
  if (request.max_cost > 0) out.cap = std::min(out.cap, request.max_cost);
  const auto cost = [&](double per_hour, double hours) {
    return std::min(per_hour * billed_hours(hours, first), out.cap);
  };
  out.total = {cost(out.per_hour.low, out.hours.low), std::nullopt, cost(out.per_hour.high, out.hours.high)};
  if (out.hours.likely) out.total.likely = cost(*out.per_hour.likely, *out.hours.likely);
  return out;
}

}  // namespace stoker::fleet
