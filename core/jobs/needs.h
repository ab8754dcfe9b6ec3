// What a job needs of a machine, and where it may be had.
#pragma once

#include <vector>

#include "core/fleet/offers.h"
#include "core/jobs/spec.h"

namespace stoker::jobs {

[[nodiscard]] plugin_host::OfferQuery query_of(const JobSpec& spec);

// Of all accounts those that the spec names, as it orders them, by account or by provider; where it names none, this
// machine for what asks for no GPU and no machine type, else all. Throws what `source` says of a name that is not
// there.
[[nodiscard]] std::vector<fleet::UsableAccount> candidates(const JobSpec& spec,
                                                           const std::vector<fleet::UsableAccount>& all,
                                                           const fleet::ProviderSource& source);

}  // namespace stoker::jobs
