// What can be rented now, over several accounts at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/fleet/leak_risk.h"
#include "core/plugin_host/provider.h"

namespace stoker::fleet {

// Where machines can be had: a connected account of a cloud, or a provider that needs none (then the ids are the same).
struct UsableAccount {
  std::string id, provider;
  bool connected = false;  // has a row in the store and a credential in the vault
};

struct AccountOffer {
  UsableAccount account;
  plugin_host::Offer offer;
  LeakRisk leak_risk = LeakRisk::high;
  int64_t age_ms = 0;  // since the cloud said so
};

struct OfferFailure {
  UsableAccount account;
  Error error;
};

struct OfferList {
  std::vector<AccountOffer> offers;
  std::vector<AccountOffer> sold_out;  // what would fit and can not be had now
  std::vector<OfferFailure> failures;  // they do not spoil the others' results
};

enum class OfferOrder { cheapest, by_account };  // by_account: as the accounts are given, cheapest first within each

using ProviderSource = std::function<std::shared_ptr<plugin_host::Provider>(const std::string& account)>;

// Asks every account on a thread of its own and waits for them no longer than `wait` allows: what has not answered by
// then is a failure. Only offers that satisfy the query and are not known to be unavailable. Throws cancelled.
[[nodiscard]] OfferList list_offers(Clock& clock, const std::vector<UsableAccount>& accounts,
                                    const plugin_host::OfferQuery& query, OfferOrder order,
                                    const ProviderSource& source, const Wait& wait);

// Calls that list_offers() gave up and that still run: what they use may not be destroyed.
[[nodiscard]] int calls_left_behind();

// Whether the offer is what was asked for, whatever its availability.
[[nodiscard]] bool satisfies(const plugin_host::Offer& offer, const plugin_host::OfferQuery& query);

// Whether each of its GPUs has so much memory. A GPU whose memory its provider does not know is given the chance.
[[nodiscard]] bool has_gpu_memory(const plugin_host::Offer& offer, uint64_t bytes);

// Cheapest first; what is cheaper than another by its price an hour.
void sort_by_price(std::vector<AccountOffer>& offers);

}  // namespace stoker::fleet
