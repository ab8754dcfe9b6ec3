// Vast.ai's market of GPU machines (https://docs.vast.ai/api-reference).
//
// What is rented is an ask: it can be taken once, so that a second request for it makes no second instance. The API has
// no idempotency token; an instance is known by its label. Answers of status 200 may be refusals, and refusals may have
// made an instance. An instance is a container: a start script sets its host key and login key, and it holds a key of
// its own that can end it.
#pragma once

#include <functional>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/provider.hpp>
#include <string>

#include "plugins/vast/ask.h"

namespace stoker::vast {

class VastCloud final : public Provider {
 public:
  explicit VastCloud(const Config& config);

  Account validate(Call& call) override;
  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override;
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override;
  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override;
  Instance get(Call& call, const InstanceRef& ref) override;
  void remove(Call& call, const InstanceRef& ref) override;

 private:
  // The body; throws where the answer says that it is a refusal.
  Json sure(const ApiReply& reply, const char* doing, stoker_status otherwise);
  std::optional<Failure> explain(const ApiReply& reply, const std::string& doing);
  std::vector<Json> search(Call& call, std::string body);
  void each(Call& call, const std::function<void(const Json&)>& visit);
  void require_ask(Call& call, const CreateRequest& request);
  void attach_key(Call& call, const CreateRequest& request, const std::string& id);

  Trust trust_;
  CloudApi api_;
  std::string contract_;  // the instance that the last refusal made all the same
};

}  // namespace stoker::vast
