// A contract: what Vast calls an instance. It is a container, known by its label.
#pragma once

#include <stoker/cpp/json.hpp>
#include <stoker/cpp/provider_values.hpp>
#include <string>

namespace stoker::vast {

Instance instance_of(const Json& contract);

// "<client token>:<deadline in seconds since 1970>"
std::string label_of(const CreateRequest& request);

// The body of a create. Throws STOKER_E_INVALID where the start script is longer than the vendor takes.
std::string contract_body(const CreateRequest& request);

}  // namespace stoker::vast
