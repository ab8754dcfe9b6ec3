// EC2's answers, read into the SDK's values.
#pragma once

#include <map>
#include <stoker/cpp/provider_values.hpp>
#include <string>
#include <string_view>

#include "plugins/aws/form.h"
#include "plugins/aws/xml.h"

namespace stoker::aws {

// A machine type that has NVIDIA GPUs our images drive, without its place and price; no GPU: not for us.
Offer type_of(const Xml& item);

Instance instance_of(const Xml& item, const std::string& region, const std::string& ssh_user);

std::string tag_of(const Xml& item, std::string_view key);

// What an offer keeps for its create, so that a create that is repeated is the same to the letter. Resolved when it was
// listed: a newer image in between would be another machine to AWS.
struct Place {
  std::string subnet, vpc, image, root_device;
  std::uint64_t image_gib = 0;

  [[nodiscard]] std::string opaque() const;
  // Throws Failure{STOKER_E_INVALID} for what is no text of opaque().
  static Place parse(std::string_view opaque);
};

Form launch_form(const CreateRequest& request, const Place& place, const std::string& security_group);

}  // namespace stoker::aws
