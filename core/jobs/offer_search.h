// Goes through the offers that may do for a job, one attempt after the other, and remembers why those before came to
// nothing.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/fleet/offers.h"
#include "core/jobs/job_run.h"

namespace stoker::jobs {

// Used by the job's own thread only.
class OfferSearch {
 public:
  explicit OfferSearch(JobRun& run);

  // Of the job, oldest first.
  [[nodiscard]] std::vector<store::InstanceRow> attempts() const;

  // The next offer not tried yet; throws what became of all of them when there is none.
  fleet::AccountOffer next();

  // The error of a job that was tried often enough.
  [[nodiscard]] Error exhausted(int attempts) const;

  // Whether there is no other account to turn to.
  [[nodiscard]] bool has_one_account() const;

  // Why an attempt at an account failed. Unless another of its offers may do, the account is not asked again.
  void note(const std::string& account, const Error& error);
  // The same of an attempt that got as far as a row.
  void note(const store::InstanceRow& row, const Error& error);

 private:
  fleet::OfferList look(const std::vector<fleet::UsableAccount>& accounts);
  [[noreturn]] void give_up(const std::vector<fleet::UsableAccount>& accounts, const fleet::OfferList& list);

  JobRun& run_;
  std::set<std::string> tried_, refused_;
  std::map<std::string, int> lost_;  // offers, and how often what was asked for never appeared
  std::string why_, hint_;
};

}  // namespace stoker::jobs
