#include "core/jobs/offer_search.h"

#include <algorithm>

#include "core/fleet/creation.h"
#include "core/fleet/nearest_offers.h"
#include "core/jobs/needs.h"

namespace stoker::jobs {
namespace {

using fleet::AccountOffer;
using fleet::OfferList;
using fleet::UsableAccount;

constexpr int64_t kListMs = kMinute;
constexpr int64_t kMaxPauseMs = 2 * kMinute;
constexpr int kMostLost = 3;

bool is_passing(Fault fault) {
  return fault == Fault::unavailable || fault == Fault::rate_limited || fault == Fault::deadline ||
         fault == Fault::unknown_outcome;
}

std::string key_of(const std::string& account, const std::string& offer) { return account + "\n" + offer; }

}  // namespace

OfferSearch::OfferSearch(JobRun& run) : run_(run) {
  for (const store::InstanceRow& row : attempts()) {
    tried_.insert(key_of(row.account, row.offer_id));
    const bool over = row.phase == store::InstancePhase::deleting || row.phase == store::InstancePhase::gone;
    if (over || row.phase == store::InstancePhase::refused) note(row, Error(Fault::no_capacity, row.reason));
  }
}

std::vector<store::InstanceRow> OfferSearch::attempts() const {
  return run_.ctx.db.read([&](store::Connection& c) { return store::Instances(c).of_job(run_.row.id); });
}

// A cloud that does not answer for a moment has not said that it has nothing.
OfferList OfferSearch::look(const std::vector<UsableAccount>& accounts) {
  const auto order = run_.spec.providers.empty() ? fleet::OfferOrder::cheapest : fleet::OfferOrder::by_account;
  for (int64_t pause = kSecond;; pause *= 2) {
    const Wait wait = run_.wait().until(run_.ctx.clock.mono_ms() + kListMs);
    OfferList list = fleet::list_offers(run_.ctx.clock, accounts, query_of(run_.spec), order, run_.ctx.browser, wait);
    const bool passing = std::any_of(list.failures.begin(), list.failures.end(),
                                     [](const auto& failure) { return is_passing(failure.error.fault); });
    if (!list.offers.empty() || !passing || pause > kMaxPauseMs) return list;
    run_.ctx.clock.sleep(pause, run_.wait());
    run_.ctx.clock.check(run_.wait(), "looking for offers");
  }
}

AccountOffer OfferSearch::next() {
  const std::vector<UsableAccount> accounts = candidates(run_.spec, run_.ctx.accounts(), run_.ctx.browser);
  OfferList list = look(accounts);
  std::erase_if(list.offers, [this](const AccountOffer& one) { return refused_.contains(one.account.id); });
  for (AccountOffer& one : list.offers)
    if (tried_.insert(key_of(one.account.id, one.offer.id)).second) return std::move(one);
  // A request that got lost was not refused: the only offer there is, say, is worth another try.
  for (AccountOffer& one : list.offers) {
    const auto lost = lost_.find(key_of(one.account.id, one.offer.id));
    if (lost == lost_.end() || lost->second >= kMostLost) continue;
    return std::move(one);
  }
  give_up(accounts, list);
}

Error OfferSearch::exhausted(int attempts) const {
  return {Fault::no_capacity, "no machine could be had in " + std::to_string(attempts) + " attempts: " + why_, hint_};
}

bool OfferSearch::has_one_account() const {
  return candidates(run_.spec, run_.ctx.accounts(), run_.ctx.browser).size() == 1;
}

void OfferSearch::give_up(const std::vector<UsableAccount>& accounts, const OfferList& list) {
  if (list.failures.size() == 1 && accounts.size() == 1) throw list.failures.front().error;
  for (const fleet::OfferFailure& failure : list.failures) note(failure.account.id, failure.error);
  if (!why_.empty()) throw Error(Fault::no_capacity, "no machine could be had: " + why_, hint_);
  for (const AccountOffer& one : list.sold_out)
    if (!one.account.connected)
      throw Error(Fault::no_capacity, one.offer.machine + " of " + one.account.id + " would fit and is taken",
                  "wait for the job that has it; `stoker instances` shows it");
  const auto query = query_of(run_.spec);
  plugin_host::OfferQuery any;
  any.spot = query.spot;
  const Wait wait = run_.wait().until(run_.ctx.clock.mono_ms() + kListMs);
  const OfferList all =
      fleet::list_offers(run_.ctx.clock, accounts, any, fleet::OfferOrder::cheapest, run_.ctx.browser, wait);
  std::vector<AccountOffer> near = all.offers;
  near.insert(near.end(), all.sold_out.begin(), all.sold_out.end());
  throw fleet::no_offer_error(query, near);
}

void OfferSearch::note(const store::InstanceRow& row, const Error& error) {
  if (fleet::was_lost(row)) ++lost_[key_of(row.account, row.offer_id)];
  note(row.account, error);
}

void OfferSearch::note(const std::string& account, const Error& error) {
  if (error.fault != Fault::no_capacity) refused_.insert(account);
  const std::string sentence = account + ": " + error.what();
  if (why_.find(sentence) == std::string::npos) why_ += (why_.empty() ? "" : "; ") + sentence;
  if (hint_.empty()) hint_ = error.hint;
}

}  // namespace stoker::jobs
