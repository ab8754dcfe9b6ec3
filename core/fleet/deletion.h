// One machine on its way to being gone.
#pragma once

#include "core/fleet/context.h"

namespace stoker::fleet {

// When to look again; gone: never.
struct DeletionStep {
  store::InstanceRow row;
  bool gone = false;
  int64_t again_in_ms = 0;
};

// Asks the provider to remove the row's machine and looks whether it is absent, by id and by list. `absent_for_ms` is
// how long it has been absent on the caller's monotonic clock, -1 when it was not absent at the last step: the wall
// clock is not trusted with this. What was never seen is identified before it is touched. Never throws for what a
// provider does; throws what the store does.
DeletionStep delete_step(FleetContext& ctx, const store::InstanceRow& row, int64_t absent_for_ms, const Wait& wait);

// True when both get by id and the listing say that it is not there. Throws what the provider throws.
[[nodiscard]] bool is_absent(FleetContext& ctx, const store::InstanceRow& row, const Wait& wait);

}  // namespace stoker::fleet
