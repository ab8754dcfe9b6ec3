#include "core/fleet/offer_cache.h"

#include <fmt/format.h>

#include <algorithm>

namespace stoker::fleet {
namespace {

std::string text_of(const plugin_host::OfferQuery& query) {
  return fmt::format("{}\n{}\n{}\n{}\n{} {} {} {} {} {} {} {}", query.region, query.gpu_model, query.cpu_arch,
                     query.machine, query.min_gpus, query.max_gpus, query.min_vcpus, query.min_gpu_mem_bytes,
                     query.min_mem_bytes, query.min_disk_bytes, query.max_micros_per_hour, query.spot);
}

std::string key_of(const UsableAccount& account, const std::string& question) {
  return account.provider + "\n" + account.id + "\n" + question;
}

void add(std::vector<AccountOffer>& to, const std::vector<AccountOffer>& offers, int64_t age_ms) {
  for (AccountOffer one : offers) {
    one.age_ms = age_ms;
    to.push_back(std::move(one));
  }
}

}  // namespace

OfferList OfferCache::list(Clock& clock, const std::vector<UsableAccount>& accounts,
                           const plugin_host::OfferQuery& query, const ProviderSource& source, const Wait& wait,
                           bool fresh) {
  const std::string question = text_of(query);
  const int64_t now = clock.mono_ms();
  std::vector<UsableAccount> to_ask;
  OfferList known;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(answers_, [&](const auto& one) { return now - one.second.at_ms >= kKeptMs; });
    for (const UsableAccount& account : accounts) {
      const auto answer = answers_.find(key_of(account, question));
      if (fresh || answer == answers_.end()) {
        to_ask.push_back(account);
        continue;
      }
      add(known.offers, answer->second.offers, now - answer->second.at_ms);
      add(known.sold_out, answer->second.sold_out, now - answer->second.at_ms);
    }
  }
  OfferList list = list_offers(clock, to_ask, query, OfferOrder::cheapest, source, wait);
  keep(question, to_ask, list, clock.mono_ms());
  list.offers.insert(list.offers.end(), known.offers.begin(), known.offers.end());
  list.sold_out.insert(list.sold_out.end(), known.sold_out.begin(), known.sold_out.end());
  sort_by_price(list.offers);
  return list;
}

// An account that failed is asked again.
void OfferCache::keep(const std::string& question, const std::vector<UsableAccount>& asked, const OfferList& list,
                      int64_t at_ms) {
  const std::lock_guard lock(mutex_);
  for (const UsableAccount& account : asked) {
    const auto is_its = [&](const auto& one) { return one.account.id == account.id; };
    if (!account.connected || std::any_of(list.failures.begin(), list.failures.end(), is_its)) continue;
    Answer answer{at_ms, {}, {}};
    std::copy_if(list.offers.begin(), list.offers.end(), std::back_inserter(answer.offers), is_its);
    std::copy_if(list.sold_out.begin(), list.sold_out.end(), std::back_inserter(answer.sold_out), is_its);
    answers_[key_of(account, question)] = std::move(answer);
  }
}

}  // namespace stoker::fleet
