// Lambda's on-demand cloud, API v1 (https://docs.lambda.ai/api/cloud).
//
// The API has no idempotency token and no filters: a machine is known by its name and tags, and is found by listing
// all. Exactly one SSH key object, given by name, goes with a launch; it is named after the client token and is removed
// after the machine. Powering off does not end the bill, and there is no stop.
#pragma once

#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/provider.hpp>
#include <string>

namespace stoker::lambda {

class LambdaCloud final : public Provider, public Resources {
 public:
  explicit LambdaCloud(const Config& config);

  Account validate(Call& call) override;
  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override;
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override;
  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override;
  Instance get(Call& call, const InstanceRef& ref) override;
  void remove(Call& call, const InstanceRef& ref) override;

  void list_resources(Call& call, const FindQuery& query, const Emit<Resource>& emit) override;
  void remove_resource(Call& call, const Resource& resource) override;

 private:
  void require_price(Call& call, const CreateRequest& request, const std::string& type) const;
  [[nodiscard]] bool has_key(Call& call, const CreateRequest& request) const;
  void ensure_key(Call& call, const CreateRequest& request) const;

  CloudApi api_;
};

}  // namespace stoker::lambda
