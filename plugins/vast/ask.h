// An ask of Vast's market: one slice of one host's machine, rented whole and once.
#pragma once

#include <optional>
#include <stoker/cpp/json.hpp>
#include <stoker/cpp/provider_values.hpp>
#include <string>

namespace stoker::vast {

// Which hosts will do.
struct Trust {
  double min_reliability = 0.97;
  bool datacenter_only = false;
};

// What an instance of a job that asks for no disk gets; it must be said, and is fixed for the instance's life.
constexpr std::int64_t kLeastDiskGb = 32;
std::int64_t disk_gb(std::uint64_t bytes);

// Bodies of a search. The first: what fits the query, from the price `floor` on. The vendor's filters are not always
// applied, and there is none for a family of GPUs: what comes must be looked at again.
std::string search_body(const OfferQuery& query, const Trust& trust, double floor);
std::string search_body_of(std::string_view ask_id, std::int64_t disk);

// Nothing where the ask is not to be rented, or says nothing that can be relied on.
std::optional<Offer> offer_of(const Json& ask, const Trust& trust, std::int64_t disk);

// Of an ask or an instance: GPUs, disk, and the traffic of an hour as a training has it.
Price price_of(const Json& rented);
// "Texas, US" is "US".
std::string region_of(const Json& rented);

}  // namespace stoker::vast
