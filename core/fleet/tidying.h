// What create() made beside a machine (an SSH key object), on its way to being gone once the machine is.
#pragma once

#include "core/fleet/context.h"

namespace stoker::fleet {

struct TidyStep {
  bool done = false;
  bool failed = false;      // the provider could not be asked, or refused
  bool nothing = false;     // was listed
  int64_t again_in_ms = 0;  // unless done
};

// Removes what is listed under the token of an ended row, `failures` being how often that failed before. Done, and
// recorded so, when nothing is listed and `nothing_for_ms`, the time since a step first found nothing and none found
// anything (-1: this is the first), is a settle time: a listing may lag, and one may lie. Never throws for what a
// provider does.
TidyStep tidy_step(FleetContext& ctx, const store::InstanceRow& row, int failures, int64_t nothing_for_ms,
                   const Wait& wait);

}  // namespace stoker::fleet
