#include "core/jobs/needs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stoker::jobs {
namespace {

[[noreturn]] void refuse(const std::string& name, const fleet::ProviderSource& source) {
  try {
    (void)source(name);
  } catch (Error& error) {
    error.field = "provider";
    throw;
  }
  throw Error(Fault::unsupported, name + " was removed", "name another provider", "provider");
}

}  // namespace

bool needs_gpu_memory(const JobSpec& spec) { return spec.from_template && spec.from_template->gpu_memory > 0; }

plugin_host::OfferQuery query_of(const JobSpec& spec) {
  plugin_host::OfferQuery query;
  query.region = spec.resources.region;
  query.machine = spec.resources.machine;
  query.gpu_model = spec.resources.gpu;
  // As many as asked for and no more: eight where one was wanted cost eight times as much.
  query.min_gpus = query.max_gpus = static_cast<uint32_t>(spec.resources.gpu_count);
  if (needs_gpu_memory(spec)) {
    query.min_gpu_mem_bytes = spec.from_template->gpu_memory;
    query.min_gpus = std::max(query.min_gpus, 1U);
    if (spec.resources.machine.empty()) query.max_gpus = query.min_gpus;
  }
  query.min_disk_bytes = static_cast<uint64_t>(spec.resources.disk_gb) * 1'000'000'000;
  query.max_micros_per_hour = std::llround(spec.resources.max_price_per_hour * 1e6);
  query.spot = spec.resources.spot;
  return query;
}

std::vector<fleet::UsableAccount> candidates(const JobSpec& spec, const std::vector<fleet::UsableAccount>& all,
                                             const fleet::ProviderSource& source) {
  std::vector<fleet::UsableAccount> chosen;
  const auto add = [&](const std::string& name) {
    const size_t before = chosen.size();
    for (const fleet::UsableAccount& account : all) {
      if (account.id != name && account.provider != name) continue;
      const bool twice =
          std::any_of(chosen.begin(), chosen.end(), [&](const auto& one) { return one.id == account.id; });
      if (!twice) chosen.push_back(account);
    }
    return chosen.size() > before;
  };
  for (const std::string& name : spec.providers) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const fleet::UsableAccount& account) {
      return account.id == name || account.provider == name;
    });
    if (!known) refuse(name, source);
    add(name);
  }
  if (!spec.providers.empty()) return chosen;
  const bool any_machine = spec.resources.gpu.empty() && spec.resources.machine.empty() && !needs_gpu_memory(spec);
  if (any_machine && add("local")) return chosen;
  return all;
}

std::vector<TooSmall> take_too_small(const JobSpec& spec, std::vector<fleet::AccountOffer>& offers) {
  std::vector<TooSmall> out;
  if (!needs_gpu_memory(spec)) return out;
  const uint64_t needed = spec.from_template->gpu_memory;
  const std::string need = templates::gigabytes_text(needed);
  std::erase_if(offers, [&](const fleet::AccountOffer& one) {
    const plugin_host::Offer& offer = one.offer;
    if (offer.gpu_count > 0 && fleet::has_gpu_memory(offer, needed)) return false;
    out.push_back({one, offer.gpu_count == 0
                            ? "has no GPU; the training needs one with " + need
                            : fmt::format("each GPU has {:.1f} GB; the training needs {}",
                                          std::floor(static_cast<double>(offer.gpu_mem_bytes) / 1e8) / 10, need)});
    return true;
  });
  return out;
}

}  // namespace stoker::jobs
