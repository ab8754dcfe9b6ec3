// Why nothing fits: what there is instead, nearest first, in words.
#pragma once

#include <string>
#include <vector>

#include "core/fleet/offers.h"

namespace stoker::fleet {

// For a query that no offer satisfies; `all` are the offers of the same accounts without conditions. no_capacity with
// the field of the job spec to blame, naming at most three that come near and what is wrong with each.
[[nodiscard]] Error no_offer_error(const plugin_host::OfferQuery& query, const std::vector<AccountOffer>& all);

// "2x H100", "any machine"
[[nodiscard]] std::string name_of(const plugin_host::OfferQuery& query);

}  // namespace stoker::fleet
