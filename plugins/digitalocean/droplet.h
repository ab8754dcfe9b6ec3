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
// Whether a droplet is one of the owner's, by tag, or by name where the token may not see tags.
bool is_owned(const Json& droplet, std::string_view owner);

// A tag may hold letters, digits, '_', ':' and '-'. Two go with each droplet: one for the owner, one for the run.
std::string owner_tag(std::string_view owner);
std::string run_tag(std::string_view client_token, std::int64_t deadline_ms);
// The client token of a run tag; empty for every other tag.
std::string token_of_tag(std::string_view tag);

// All names given to machines and keys of one owner begin so; see stoker_create_request.
std::string prefix_of(std::string_view owner);

// What an error answer means. 422 says everything from "sold out" to "misspelt", told apart by its text alone.
std::optional<Failure> explain(const ApiReply& reply, const std::string& doing);

}  // namespace stoker::digitalocean
