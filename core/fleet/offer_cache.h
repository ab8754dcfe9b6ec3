// What accounts offered a moment ago: asking a cloud takes seconds, and some let it be asked ten times a minute only.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/fleet/offers.h"

namespace stoker::fleet {

// For looking around; what is rented is looked up anew. Accounts of clouds only: this machine is asked at once. Any
// thread.
class OfferCache {
 public:
  static constexpr int64_t kKeptMs = kMinute;

  // As list_offers(), cheapest first; an account that answered the same question within kKeptMs is not asked again, and
  // its offers tell their age. `fresh`: all are asked.
  [[nodiscard]] OfferList list(Clock& clock, const std::vector<UsableAccount>& accounts,
                               const plugin_host::OfferQuery& query, const ProviderSource& source, const Wait& wait,
                               bool fresh);

 private:
  struct Answer {
    int64_t at_ms = 0;
    std::vector<AccountOffer> offers, sold_out;
  };

  void keep(const std::string& question, const std::vector<UsableAccount>& asked, const OfferList& list, int64_t at_ms);

  std::mutex mutex_;
  std::map<std::string, Answer> answers_;  // by account and question
};

}  // namespace stoker::fleet
