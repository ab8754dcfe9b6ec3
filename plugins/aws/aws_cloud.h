// EC2 by its Query API, version 2016-11-15 (https://docs.aws.amazon.com/AWSEC2/latest/APIReference).
//
// A launch carries a ClientToken: the same token with the same parameters is the same machine, in one zone; so an offer
// is of one zone, and keeps all that its launch will name. A machine is known by its tags. A security group of its own
// goes with each machine (its name is the client token) and is removed after it. The SSH keys travel in the user data,
// so that there are no key pair objects. A machine that powers itself off is terminated.
#pragma once

#include <functional>
#include <map>
#include <stoker/cpp/provider.hpp>
#include <string>
#include <vector>

#include "plugins/aws/aws_api.h"
#include "plugins/aws/ec2.h"
#include "plugins/aws/price.h"

namespace stoker::aws {

class AwsCloud final : public Provider, public Resources {
 public:
  explicit AwsCloud(const Config& config);

  Account validate(Call& call) override;
  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override;
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override;
  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override;
  Instance get(Call& call, const InstanceRef& ref) override;
  void remove(Call& call, const InstanceRef& ref) override;

  void list_resources(Call& call, const FindQuery& query, const Emit<Resource>& emit) override;
  void remove_resource(Call& call, const Resource& resource) override;

 private:
  using Visit = std::function<void(const Xml&)>;
  using SpotPrices = std::map<std::pair<std::string, std::string>, std::int64_t>;  // of machine and zone

  // Every item of the list `set`, over all its pages. Throws STOKER_E_UNAVAILABLE where the list is not whole.
  void each(Call& call, const std::string& doing, const std::string& region, const std::string& action,
            const std::string& set, const Form& form, const Visit& visit);
  void require_permissions(Call& call, const std::string& region);
  void list_region(Call& call, const std::string& region, const OfferQuery& query, const Emit<Offer>& emit);
  std::map<std::string, Place> places(Call& call, const std::string& region);  // by zone, without their image
  std::string newest_image(Call& call, const std::string& region, const std::string& arch);
  void describe_image(Call& call, const std::string& region, const std::string& image, Place& place);
  SpotPrices spot_prices(Call& call, const std::string& region, const std::string& machine, const std::string& zone);
  void require_price(Call& call, const CreateRequest& request);
  std::string ensure_group(Call& call, const CreateRequest& request, const Place& place);
  std::string find_group(Call& call, const CreateRequest& request, const Place& place);
  [[nodiscard]] std::string region_of(std::string_view given) const;

  AwsApi api_;
  std::vector<std::string> regions_;
  std::string subnets_, ssh_from_, ssh_user_;
};

}  // namespace stoker::aws
