#include "core/fleet/offers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "sdk/include/stoker/cpp/gpu_model.hpp"

namespace stoker::fleet {
namespace {

constexpr int64_t kGraceMs = 2 * kSecond;  // how soon after its deadline, or when cancelled, a plugin has to return

std::atomic<int> left_behind{0};

// Shared with the threads, which may outlive the call: a plugin that does not return can not be ended.
struct Gathering {
  struct Answer {
    std::vector<plugin_host::Offer> offers;
    std::optional<Error> error;
    LeakRisk leak_risk = LeakRisk::high;
    bool done = false, left = false;
  };

  explicit Gathering(size_t accounts) : answers(accounts) {}

  void put(size_t at, Answer answer) {
    {
      std::lock_guard lock(mutex);
      answer.done = true;
      if (answers[at].left) --left_behind;
      answers[at] = std::move(answer);
    }
    changed.notify();
  }
  // False when it is done.
  bool leave(size_t at) {
    std::lock_guard lock(mutex);
    if (answers[at].done) return false;
    ++left_behind;
    return answers[at].left = true;
  }
  [[nodiscard]] bool complete() {
    std::lock_guard lock(mutex);
    return std::all_of(answers.begin(), answers.end(), [](const Answer& answer) { return answer.done; });
  }

  std::mutex mutex;  // of `answers`
  std::vector<Answer> answers;
  Signal changed;
};

// Joins those that have answered, and lets go of the others.
class Askers {
 public:
  Askers(Clock& clock, std::shared_ptr<Gathering> gathering) : clock_(clock), gathering_(std::move(gathering)) {}
  Askers(const Askers&) = delete;
  Askers& operator=(const Askers&) = delete;
  ~Askers() {
    for (auto& [at, thread] : threads_) given_up && gathering_->leave(at) ? thread.detach() : clock_.join(thread);
  }
  void add(size_t at, std::thread thread) { threads_.emplace_back(at, std::move(thread)); }

  bool given_up = false;

 private:
  Clock& clock_;
  std::shared_ptr<Gathering> gathering_;
  std::vector<std::pair<size_t, std::thread>> threads_;  // with the place of their answer
};

void require_usable(const plugin_host::ProviderFacts& facts, const plugin_host::OfferQuery& query) {
  if (query.spot && (facts.capabilities & STOKER_CAP_SPOT) == 0)
    throw Error(Fault::unsupported, facts.id + " has no spot machines",
                "leave resources.spot out, or name a provider that has them", "resources.spot");
  if ((facts.capabilities & (STOKER_CAP_HOST_KEY | STOKER_CAP_USER_DATA)) == 0)
    throw Error(Fault::unsupported, facts.id + " neither tells the SSH host key of a machine nor lets us set it",
                "nothing is trusted on first use; name another provider");
}

Gathering::Answer ask(plugin_host::Provider& provider, const plugin_host::OfferQuery& query, const Wait& wait) {
  Gathering::Answer answer;
  try {
    require_usable(provider.facts(), query);
    answer.leak_risk = leak_risk_of(provider.facts());
    answer.offers = provider.list_offers(query, wait);
  } catch (const Error& error) {
    answer.error = error;
  }
  return answer;
}

// The result of each account, in their order.
std::vector<Gathering::Answer> gather(Clock& clock, const std::vector<UsableAccount>& accounts,
                                      const plugin_host::OfferQuery& query, const ProviderSource& source,
                                      const Wait& wait) {
  const auto gathering = std::make_shared<Gathering>(accounts.size());
  Askers askers(clock, gathering);
  for (size_t i = 0; i < accounts.size(); ++i) {
    try {
      askers.add(i, clock.start("offers", [gathering, i, provider = source(accounts[i].id), query, wait]() mutable {
        auto answer = ask(*provider, query, wait);
        provider.reset();
        gathering->put(i, std::move(answer));
      }));
    } catch (const Error& error) {
      gathering->put(i, {{}, error});
    }
  }
  int64_t patience = wait.deadline_ms == INT64_MAX ? INT64_MAX : wait.deadline_ms + kGraceMs;
  bool cancelled = false;
  while (!gathering->complete() && clock.mono_ms() < patience) {
    if (wait.cancel.stop_requested() && !cancelled) {
      cancelled = true;
      patience = std::min(patience, clock.mono_ms() + kGraceMs);
    }
    const uint64_t seen = gathering->changed.count();
    if (!gathering->complete())
      clock.wait(gathering->changed, seen, {cancelled ? std::stop_token() : wait.cancel, patience});
  }
  std::lock_guard lock(gathering->mutex);
  auto answers = gathering->answers;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].done) continue;
    askers.given_up = true;
    answers[i].error = Error(Fault::deadline, accounts[i].id + " did not answer in time and is left behind");
  }
  return answers;
}

}  // namespace

int calls_left_behind() { return left_behind; }

bool has_gpu_memory(const plugin_host::Offer& offer, uint64_t bytes) {
  return offer.gpu_mem_bytes >= bytes || (offer.gpu_count > 0 && offer.gpu_mem_bytes == 0);
}

bool satisfies(const plugin_host::Offer& offer, const plugin_host::OfferQuery& query) {
  const auto is = [](const std::string& wanted, const std::string& got) { return wanted.empty() || wanted == got; };
  return is(query.region, offer.region) && is(query.machine, offer.machine) && is(query.cpu_arch, offer.cpu_arch) &&
         gpu_matches(query.gpu_model, offer.gpu_model) && offer.gpu_count >= query.min_gpus &&
         (query.max_gpus == 0 || offer.gpu_count <= query.max_gpus) && offer.vcpus >= query.min_vcpus &&
         has_gpu_memory(offer, query.min_gpu_mem_bytes) && offer.mem_bytes >= query.min_mem_bytes &&
         (offer.disk_bytes == 0 || offer.disk_bytes >= query.min_disk_bytes) &&
         (query.max_micros_per_hour == 0 || offer.price.per_hour.micros <= query.max_micros_per_hour);
}

void sort_by_price(std::vector<AccountOffer>& offers) {
  std::stable_sort(offers.begin(), offers.end(), [](const AccountOffer& a, const AccountOffer& b) {
    return a.offer.price.per_hour.micros < b.offer.price.per_hour.micros;
  });
}

OfferList list_offers(Clock& clock, const std::vector<UsableAccount>& accounts, const plugin_host::OfferQuery& query,
                      OfferOrder order, const ProviderSource& source, const Wait& wait) {
  OfferList list;
  const std::vector<Gathering::Answer> answers = gather(clock, accounts, query, source, wait);
  if (wait.cancel.stop_requested()) throw Error(Fault::cancelled, "listing offers was cancelled");
  for (size_t i = 0; i < accounts.size(); ++i) {
    if (answers[i].error) list.failures.push_back({accounts[i], *answers[i].error});
    std::vector<AccountOffer> own;
    for (const plugin_host::Offer& offer : answers[i].offers) {
      if (!satisfies(offer, query)) continue;
      auto& where = offer.availability == STOKER_AVAIL_NONE ? list.sold_out : own;
      where.push_back({accounts[i], offer, answers[i].leak_risk});
    }
    sort_by_price(own);
    list.offers.insert(list.offers.end(), own.begin(), own.end());
  }
  if (order == OfferOrder::cheapest) sort_by_price(list.offers);
  return list;
}

}  // namespace stoker::fleet
