// What can be rented now, over several providers.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/plugin_host/provider.h"

namespace stoker::fleet {

struct ProviderOffer {
  std::string provider;
  plugin_host::Offer offer;
};

struct OfferList {
  std::vector<ProviderOffer> offers;
  std::vector<std::string> taken;                       // "machine of provider": what would fit and can not be had now
  std::vector<std::pair<std::string, Error>> failures;  // by provider; they do not spoil the others' results
};

enum class OfferOrder { cheapest, by_provider };  // by_provider: as the providers are given, cheapest first within each

// Only offers that satisfy the query and are not known to be unavailable.
[[nodiscard]] OfferList list_offers(const std::vector<std::string>& providers, const plugin_host::OfferQuery& query,
                                    OfferOrder order,
                                    const std::function<plugin_host::Provider&(const std::string&)>& source,
                                    const Wait& wait);

}  // namespace stoker::fleet
