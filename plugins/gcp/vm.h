// Compute Engine's JSON (https://cloud.google.com/compute/docs/reference/rest/v1): virtual machines, operations and
// refusals.
#pragma once

#include <optional>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/provider_values.hpp>
#include <string>
#include <string_view>

#include "plugins/gcp/price_list.h"

namespace stoker::gcp {

// The last part of a resource's URL.
std::string last_part(std::string_view url);
std::string region_of(std::string_view zone);

// What create() has to know of an offer, and what get() and remove() have to know of a machine.
struct Place {
  std::string zone, name, operation;  // the operation that makes the machine

  [[nodiscard]] std::string text() const;
  // Empty for what is none.
  static Place parse(std::string_view text);
};

struct Network {
  std::string network, subnetwork;
};

std::string insert_body(const CreateRequest& request, const MachineType& type, const Network& network,
                        std::int64_t now_ms);
// A UUID (RFC 9562, version 8) that is the same for the same token.
std::string request_id(std::string_view client_token);

Instance instance_of(const Json& vm);

// What went wrong with an operation; nothing where nothing did so far.
std::optional<Failure> failure_of(const Json& operation, const std::string& doing);
std::optional<Failure> explain(const ApiReply& reply, const std::string& doing);

}  // namespace stoker::gcp
