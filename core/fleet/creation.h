// From a committed intent to a machine with an address, or to the certainty that there is none.
#pragma once

#include "core/fleet/context.h"

namespace stoker::fleet {

// Sends the create of a row in phase intent or unknown, and resolves whatever is unclear. Afterwards the row is alive,
// or it is refused (or deleting, when dearer than quoted) and the reason is thrown: no_capacity, quota (try another
// offer); auth, forbidden, unsupported, invalid, unavailable (of that provider). Otherwise cancelled is thrown and the
// row stays unknown: when the agent shuts down (`closing`), for the next agent; when the machine is no longer wanted
// (`unwanted`), for resolve_instance(). `unwanted` ends waiting for another try only: a create in flight is awaited.
store::InstanceRow create_instance(FleetContext& ctx, const store::InstanceRow& row,
                                   const plugin_host::CreateRequest& request, const Wait& closing,
                                   const std::stop_token& unwanted);

// What the cloud says of a machine, into its row.
void copy_facts(store::InstanceRow& row, const plugin_host::Instance& instance);

// A row of its own, to be deleted, for a machine that carries the token of `of` and is not it. Within a transaction.
void condemn_double(store::Connection& connection, const store::InstanceRow& of, const plugin_host::Instance& instance);

// Whether it was asked for and never appeared, which says nothing about what was offered.
[[nodiscard]] bool was_lost(const store::InstanceRow& row);

// Finds out whether a row in phase unknown exists: afterwards it is alive or refused. Sends no create.
void resolve_instance(FleetContext& ctx, const store::InstanceRow& row, const Wait& closing);

// Polls an alive row until it runs and has an address; one whose id turns out to be wrong is looked for. A machine that
// failed, vanished or is late is marked deleting and thrown as no_capacity; one of which the provider told nothing, as
// what the provider threw.
store::InstanceRow await_address(FleetContext& ctx, const store::InstanceRow& row, const Wait& wait);

}  // namespace stoker::fleet
