// What a job needs of a machine, and where it may be had.
#pragma once

#include <vector>

#include "core/fleet/offers.h"
#include "core/jobs/spec.h"

namespace stoker::jobs {

// Whether its template trains on a GPU.
[[nodiscard]] bool needs_gpu_memory(const JobSpec& spec);

[[nodiscard]] plugin_host::OfferQuery query_of(const JobSpec& spec);

struct TooSmall {
  fleet::AccountOffer offer;
  std::string why;
};

// Takes those out of `offers` whose GPUs do not suffice for the spec's template.
[[nodiscard]] std::vector<TooSmall> take_too_small(const JobSpec& spec, std::vector<fleet::AccountOffer>& offers);

// Of all accounts those that the spec names, as it orders them, by account or by provider; where it names none, this
// machine for what asks for no GPU and no machine type, else all. Throws what `source` says of a name that is not
// there.
[[nodiscard]] std::vector<fleet::UsableAccount> candidates(const JobSpec& spec,
                                                           const std::vector<fleet::UsableAccount>& all,
                                                           const fleet::ProviderSource& source);

}  // namespace stoker::jobs
