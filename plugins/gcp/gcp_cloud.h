// Google Compute Engine, REST API v1 (https://cloud.google.com/compute/docs/reference/rest/v1).
//
// A name is taken once in its zone, and a request id is carried out once: a create that is repeated makes no second
// machine. Whether it made the first is told later, by an operation, which may fail while the machine lives; so the
// operation stays with the machine until that runs. The cloud deletes each machine at its deadline by itself.
#pragma once

#include <functional>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/provider.hpp>
#include <string>

#include "plugins/gcp/access.h"
#include "plugins/gcp/price_list.h"
#include "plugins/gcp/vm.h"

namespace stoker::gcp {

class GcpCloud final : public Provider {
 public:
  explicit GcpCloud(const Config& config);

  Account validate(Call& call) override;
  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override;
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override;
  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override;
  Instance get(Call& call, const InstanceRef& ref) override;
  void remove(Call& call, const InstanceRef& ref) override;

 private:
  using Visit = std::function<void(const Json& item, const std::string& scope)>;
  enum class Zones { all, reachable };  // whether a zone that can not be asked makes the list none

  // Below the project; a token that is refused is replaced once.
  ApiReply get_json(Call& call, const std::string& doing, const std::string& path);
  template <class Act>
  auto with_token(Act&& act);
  // Every item of the list `key` in all zones, over all its pages.
  void each(Call& call, const std::string& doing, const std::string& key, const std::string& filter, Zones zones,
            const Visit& visit);
  Place place_of(Call& call, const InstanceRef& ref);
  const PriceList& prices(Call& call);
  void require_price(Call& call, const CreateRequest& request, const MachineType& type);
  // Until it is done or has lasted long enough; the last that was told of it.
  Json follow(Call& call, Json operation, const std::string& zone);
  Instance made(Call& call, Place place, Json operation, const MachineType& type);
  Json get_vm(Call& call, const Place& place);

  Access access_;
  CloudApi compute_, billing_;
  Network network_;
  PriceList prices_;
  std::int64_t prices_until_mono_ms_ = 0;
};

}  // namespace stoker::gcp
