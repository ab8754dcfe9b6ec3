// Which machine a row stands for. A create may be answered with an id that is wrong, and even with that of a machine
// which is somebody else's: until a machine was seen under the row's token, its id is not used for anything that acts.
#pragma once

#include "core/fleet/context.h"

namespace stoker::fleet {

// Whether the machine says of itself that it was made for the row.
[[nodiscard]] bool bears_token(const store::InstanceRow& row, const plugin_host::Instance& machine);

// Looks for the machine of a row that was never seen, by id and by token, and records what was found: then the row is
// seen and its id right. Where the id is another machine's and ours is not listed, the row has none (yet); where
// the id leads nowhere and nothing is listed, it is as before. Throws what the provider throws.
store::InstanceRow identify(FleetContext& ctx, const store::InstanceRow& row, plugin_host::Provider& provider,
                            const Wait& wait);

// Of a row that is alive and was never seen: forgets the id, so that its outcome is unknown again. A row that is not
// such stays as it is.
store::InstanceRow withdraw_id(FleetContext& ctx, const store::InstanceRow& row);

}  // namespace stoker::fleet
