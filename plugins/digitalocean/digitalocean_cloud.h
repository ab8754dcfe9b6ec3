// DigitalOcean's GPU droplets, API v2 (https://docs.digitalocean.com/reference/api).
//
// The API has no idempotency token and names are not unique: a droplet is known by its tags and its name. A plain
// listing leaves GPU droplets out, so they are asked for by type. An SSH key object goes with each droplet (without one
// a root password is e-mailed, and must be changed at the first login); it and the run's tag are removed after the
// droplet. Powering off does not end the bill.
#pragma once

#include <functional>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/provider.hpp>
#include <string>

namespace stoker::digitalocean {

class DigitalOceanCloud final : public Provider, public Resources {
 public:
  explicit DigitalOceanCloud(const Config& config);

  Account validate(Call& call) override;
  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override;
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override;
  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override;
  Instance get(Call& call, const InstanceRef& ref) override;
  void remove(Call& call, const InstanceRef& ref) override;

  void list_resources(Call& call, const FindQuery& query, const Emit<Resource>& emit) override;
  void remove_resource(Call& call, const Resource& resource) override;

 private:
  using Visit = std::function<void(const Json&)>;

  // Every item of the list `key`, over all its pages. Throws STOKER_E_UNAVAILABLE where the list is not whole.
  void each(Call& call, const std::string& doing, const std::string& path, const std::string& key, const Visit& visit);
  void require_permissions(Call& call);
  void require_price(Call& call, const CreateRequest& request, const std::string& size);
  std::int64_t ensure_key(Call& call, const CreateRequest& request);

  CloudApi api_;
  // The key object made last and its token: a create that is repeated until the key is seen must not make another.
  std::string key_token_;
  std::int64_t key_id_ = 0;
};

}  // namespace stoker::digitalocean
