// Everything that an installation has at one account, destroyed by what the cloud says of it: for when the store that
// knows of it is lost, or nobody wants to wait for an agent.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/plugin_host/provider.h"

namespace stoker::fleet {

struct PurgeRequest {
  std::string owner;                             // whose tag is looked for: an install id
  std::vector<plugin_host::InstanceRef> known;   // the owner's for certain, whether a listing shows them or not
  int64_t patience_ms = 15 * kMinute;            // for everything together
  std::function<void(const std::string&)> tell;  // each step, in words
};

struct Purged {
  std::vector<std::string> destroyed;  // machines and what was made beside them
  std::vector<std::string> left;       // what may still be there or could not be looked for, and why
};

// Done when neither the listing nor a look at each machine has shown anything for the provider's settle time. What
// fails is tried again for as long as there is patience, unless a credential allows neither to list nor to remove.
[[nodiscard]] Purged purge(plugin_host::Provider& provider, const PurgeRequest& request, Clock& clock,
                           const Wait& wait);

}  // namespace stoker::fleet
