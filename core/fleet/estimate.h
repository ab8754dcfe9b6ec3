// What a job will cost: arithmetic over the offers that may be taken and the hours it may need.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/fleet/offers.h"

namespace stoker::fleet {

struct Range {
  double low = 0;
  std::optional<double> likely;  // nothing: not known
  double high = 0;
};

struct EstimateRequest {
  std::vector<AccountOffer> offers;  // at least one; the first is the one that is tried first
  std::optional<Range> hours;        // of the training with set-up, where anything is known of it
  double max_cost = 0;               // 0: no cap
  double max_hours = 0;              // 0: no cap
};

// Money in units of the currency, time in hours.
struct Estimate {
  Range per_hour, hours, total;
  std::string currency;
  double cap = 0;  // the job is ended before it costs more
  uint32_t granularity_s = 1, minimum_s = 0;
};

// How long a job that is billed and has no cap of its own may run.
constexpr double kDefaultMaxHours = 24;

// Offers in another currency than the first one's are left out of account.
[[nodiscard]] Estimate estimate(const EstimateRequest& request);

// Hours as they are billed by the price's steps.
[[nodiscard]] double billed_hours(double hours, const plugin_host::Price& price);

}  // namespace stoker::fleet
