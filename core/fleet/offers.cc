#include "core/fleet/offers.h"

#include <algorithm>

namespace stoker::fleet {
namespace {

bool satisfies(const plugin_host::Offer& offer, const plugin_host::OfferQuery& query) {
  const auto is = [](const std::string& wanted, const std::string& got) { return wanted.empty() || wanted == got; };
  return is(query.region, offer.region) && is(query.gpu_model, offer.gpu_model) && is(query.cpu_arch, offer.cpu_arch) &&
         offer.gpu_count >= query.min_gpus && offer.vcpus >= query.min_vcpus &&
         offer.gpu_mem_bytes >= query.min_gpu_mem_bytes && offer.mem_bytes >= query.min_mem_bytes &&
         (offer.disk_bytes == 0 || offer.disk_bytes >= query.min_disk_bytes) &&
         (query.max_micros_per_hour == 0 || offer.price.per_hour.micros <= query.max_micros_per_hour);
}

}  // namespace

OfferList list_offers(const std::vector<std::string>& providers, const plugin_host::OfferQuery& query, OfferOrder order,
                      const std::function<plugin_host::Provider&(const std::string&)>& source, const Wait& wait) {
  OfferList list;
  for (const std::string& id : providers) {
    const size_t first = list.offers.size();
    try {
      for (plugin_host::Offer& offer : source(id).list_offers(query, wait)) {
        if (!satisfies(offer, query)) continue;
        if (offer.availability == STOKER_AVAIL_NONE)
          list.taken.push_back(offer.machine + " of " + id);
        else
          list.offers.push_back({id, std::move(offer)});
      }
    } catch (const Error& error) {
      if (wait.cancel.stop_requested()) throw;
      list.failures.emplace_back(id, error);
    }
    const auto cheaper = [](const ProviderOffer& a, const ProviderOffer& b) {
      return a.offer.price.per_hour.micros < b.offer.price.per_hour.micros;
    };
    const auto begin = list.offers.begin();
    std::stable_sort(order == OfferOrder::cheapest ? begin : begin + static_cast<ptrdiff_t>(first), list.offers.end(),
                     cheaper);
  }
  return list;
}

}  // namespace stoker::fleet
