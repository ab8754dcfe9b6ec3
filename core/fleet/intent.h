// The commitment to make a machine: caps checked and the row written in one transaction, before anything is sent.
#pragma once

#include <string>

#include "core/fleet/context.h"
#include "core/fleet/offers.h"

namespace stoker::fleet {

struct IntentRequest {
  std::string job_id;
  int attempt = 1;
  AccountOffer offer;
  double max_cost = 0;   // of the whole job, in units of the offer's currency; 0: no cap
  double max_hours = 0;  // 0: no cap
  bool keep = false;     // it may serve other jobs afterwards
  std::string image = {};
  int64_t disk_bytes = 0;  // asked for
  bool spot = false;
  int64_t gpus = 0;  // asked for
};

// Time beyond the caps for fetching results and deleting, before the machine loses its right to live.
constexpr int64_t kCollectGraceMs = 20 * kMinute;
// How much longer than the job it is made for a machine may live that is to be kept: idle, and for other jobs.
constexpr int64_t kKeepRoomMs = 24 * kHour;

// How long the machine may live: max_hours, and what max_cost buys after `spent_micros`. 0: no cap.
[[nodiscard]] double allowed_hours(const IntentRequest& request, int64_t spent_micros);

// Throws invalid naming the cap (field limits.max_cost) when price x max_hours exceeds what is left of it, unsupported
// when the account was removed meanwhile.
store::InstanceRow commit_intent(FleetContext& ctx, const IntentRequest& request);

}  // namespace stoker::fleet
