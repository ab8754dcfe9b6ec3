// From a committed intent to a machine with an address, or to the certainty that there is none.
#pragma once

#include "core/fleet/context.h"

namespace stoker::fleet {

// Sends the create of a row in phase intent or unknown, and resolves whatever is unclear. Afterwards the row is alive,
// or it is refused and the reason is thrown: no_capacity, quota (try another offer); auth, forbidden, unsupported,
// invalid (of that provider). Any other state is impossible: `closing` (the agent shuts down) throws cancelled and
// leaves the row for the next agent. A user's cancel must not be passed in: a create in flight is awaited, then
// deleted.
store::InstanceRow create_instance(FleetContext& ctx, const store::InstanceRow& row,
                                   const plugin_host::CreateRequest& request, const Wait& closing);

// Finds out whether a row in phase unknown exists: afterwards it is alive or refused. Sends no create.
void resolve_instance(FleetContext& ctx, const store::InstanceRow& row, const Wait& closing);

// Polls an alive row until it runs and has an address. A machine that failed, vanished or is late is marked deleting
// and thrown as no_capacity.
store::InstanceRow await_address(FleetContext& ctx, const store::InstanceRow& row, const Wait& wait);

}  // namespace stoker::fleet
