// Offers, and the accounts that could not be asked for theirs, as the API shows them.
#pragma once

#include <vector>

#include "core/fleet/offers.h"
#include "core/jobs/needs.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {

void write_offer(JsonWriter& json, const fleet::AccountOffer& one);

// "failures":[...] within an object.
void write_failures(JsonWriter& json, const std::vector<fleet::OfferFailure>& failures);

// "too_small":[...] within an object.
void write_too_small(JsonWriter& json, const std::vector<jobs::TooSmall>& offers);

}  // namespace stoker::api
