#include "core/fleet/nearest_offers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/nearest.h"
#include "sdk/include/stoker/cpp/gpu_model.hpp"

namespace stoker::fleet {
namespace {

constexpr size_t kShown = 3;
constexpr double kGiga = 1e9;

double units(int64_t micros) { return static_cast<double>(micros) / 1e6; }

struct Misfit {
  const AccountOffer* offer;
  std::vector<std::string> reasons;
  std::string field;    // of the first reason
  double distance = 0;  // how much of the query it misses
};

Misfit misfit_of(const AccountOffer& one, const plugin_host::OfferQuery& query) {
  const plugin_host::Offer& offer = one.offer;
  Misfit misfit{&one, {}, {}, 0};
  const auto miss = [&](double weight, const char* field, std::string reason) {
    if (misfit.reasons.empty()) misfit.field = field;
    misfit.reasons.push_back(std::move(reason));
    misfit.distance += weight;
  };
  if (!query.machine.empty() && query.machine != offer.machine) miss(6, "resources.machine", "another machine type");
  if (!gpu_matches(query.gpu_model, offer.gpu_model)) miss(4, "resources.gpu", "another GPU");
  const std::string gpus = fmt::format("{} GPU{}", offer.gpu_count, offer.gpu_count == 1 ? "" : "s");
  if (offer.gpu_count < query.min_gpus)
    miss(3, "resources.gpu", gpus + " only");
  else if (query.max_gpus != 0 && offer.gpu_count > query.max_gpus)
    miss(3, "resources.gpu", gpus);
  if (offer.gpu_count > 0 && !has_gpu_memory(offer, query.min_gpu_mem_bytes))
    miss(3, "resources.gpu",
         fmt::format("{:.0f} GB of GPU memory only", static_cast<double>(offer.gpu_mem_bytes) / kGiga));
  if (query.max_micros_per_hour != 0 && offer.price.per_hour.micros > query.max_micros_per_hour)
    miss(1 + units(offer.price.per_hour.micros - query.max_micros_per_hour) / 1000, "resources.max_price_per_hour",
         fmt::format("over {:.2f} an hour", units(query.max_micros_per_hour)));
  if (!query.region.empty() && query.region != offer.region && !offer.region.empty())
    miss(2, "resources.region", "another region");
  if (offer.disk_bytes != 0 && offer.disk_bytes < query.min_disk_bytes)
    miss(2, "resources.disk_gb",
         fmt::format("a disk of {:.0f} GB only", static_cast<double>(offer.disk_bytes) / kGiga));
  if (offer.availability == STOKER_AVAIL_NONE) miss(1, "resources", "sold out now");
  return misfit;
}

std::string describe(const Misfit& misfit) {
  const plugin_host::Offer& offer = misfit.offer->offer;
  std::string text = misfit.offer->account.id + ": " + offer.machine;
  if (!offer.gpu_model.empty()) text += fmt::format(" ({}x {})", offer.gpu_count, offer.gpu_model);
  if (!offer.region.empty()) text += " in " + offer.region;
  text += fmt::format(" at {:.2f} {}/h", units(offer.price.per_hour.micros), offer.price.per_hour.currency);
  std::string why;
  for (const std::string& reason : misfit.reasons) why += (why.empty() ? "" : ", ") + reason;
  return why.empty() ? text : text + " [" + why + "]";
}

// What the accounts have of one thing, where the query asks for something none has: "did you mean ...?", or a list.
std::string known_words(const std::string& asked, const std::set<std::string>& known) {
  if (asked.empty() || known.empty() || known.contains(asked)) return {};
  const std::string near = nearest(asked, {known.begin(), known.end()});
  if (!near.empty()) return "did you mean " + near + "?";
  std::string list;
  for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
  return "there is " + list;
}

}  // namespace

std::string name_of(const plugin_host::OfferQuery& query) {
  std::string name = query.machine.empty() ? "" : query.machine;
  if (!query.gpu_model.empty())
    name += fmt::format("{}{}x {}", name.empty() ? "" : " with ", query.min_gpus, query.gpu_model);
  if (name.empty()) name = query.min_gpu_mem_bytes != 0 ? "any GPU" : "any machine";
  if (query.min_gpu_mem_bytes != 0)
    name += fmt::format(" with {:.1f} GB of memory", static_cast<double>(query.min_gpu_mem_bytes) / kGiga);
  if (!query.region.empty()) name += " in " + query.region;
  if (query.max_micros_per_hour != 0) name += fmt::format(" under {:.2f}/h", units(query.max_micros_per_hour));
  if (query.spot) name = "spot: " + name;
  return name;
}

Error no_offer_error(const plugin_host::OfferQuery& query, const std::vector<AccountOffer>& all) {
  const std::string what = "no offer fits " + name_of(query);
  if (all.empty()) return {Fault::no_capacity, what + ": there is no offer at all", "connect an account, or try later"};
  std::set<std::string> models, regions, machines;
  std::vector<Misfit> misfits;
  for (const AccountOffer& one : all) {
    if (!one.offer.gpu_model.empty()) models.insert(one.offer.gpu_model);
    if (!one.offer.region.empty()) regions.insert(one.offer.region);
    machines.insert(one.offer.machine);
    misfits.push_back(misfit_of(one, query));
  }
  const bool no_such_gpu = std::none_of(models.begin(), models.end(),
                                        [&](const auto& model) { return gpu_matches(query.gpu_model, model); });
  std::string hint = known_words(query.machine, machines);
  if (hint.empty() && no_such_gpu) hint = known_words(query.gpu_model, models);
  if (hint.empty()) hint = known_words(query.region, regions);
  std::stable_sort(misfits.begin(), misfits.end(), [](const Misfit& a, const Misfit& b) {
    if (a.distance != b.distance) return a.distance < b.distance;
    return a.offer->offer.price.per_hour.micros < b.offer->offer.price.per_hour.micros;
  });
  std::string near;
  size_t shown = 0;
  std::set<std::string> named;
  for (const Misfit& misfit : misfits) {
    if (shown == kShown) break;
    if (!named.insert(misfit.offer->account.id + "\n" + misfit.offer->offer.machine).second) continue;
    near += (shown++ == 0 ? "; nearest: " : "; ") + describe(misfit);
  }
  if (hint.empty()) hint = "ask for less in resources, or connect another account";
  return {Fault::no_capacity, what + near, hint, misfits.front().field};
}

}  // namespace stoker::fleet
