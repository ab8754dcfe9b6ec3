// DigitalOcean's JSON, read into the SDK's values (https://docs.digitalocean.com/reference/api).
#pragma once

#include <optional>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/provider_values.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::digitalocean {

// A machine size that has GPUs, without its region; nothing for other sizes. `opaque` is the image that fits it.
std::optional<Offer> offer_of(const Json& size);
// Where it can be created now; none: sold out.
std::vector<std::string> regions_of(const Json& size);

Instance instance_of(const Json& droplet);

// A tag may hold letters, digits, '_', ':' and '-'. Two go with each droplet: one for the owner, one for the run.
std::string owner_tag(std::string_view owner);
std::string run_tag(std::string_view client_token, std::int64_t deadline_ms);
// The client token of a run tag; empty for every other tag.
std::string token_of_tag(std::string_view tag);

// What an error answer means. 422 says everything from "sold out" to "misspelt", told apart by its text alone.
std::optional<Failure> explain(const ApiReply& reply, const std::string& doing);

}  // namespace stoker::digitalocean
