// A job takes a kept machine instead of a new one: the counterpart of the intent. Nothing is sent; the whole take-over
// is one transaction, so that of two jobs only one gets it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/fleet/context.h"
#include "core/plugin_host/provider.h"

namespace stoker::fleet {

struct TakeoverRequest {
  std::string job_id, owner;
  int attempt = 1;
  std::vector<std::string> accounts;  // where the job may run
  bool by_account = false;            // in that order of preference, else the cheapest first
  plugin_host::OfferQuery query;
  std::string image;
  double max_cost = 0;   // of the whole job, in units of the machine's currency; 0: no cap
  double max_hours = 0;  // 0: no cap
};

// How much of a day must be left to a machine for a job that names no limits of its own.
constexpr double kLeastHours = 12;

// The kept machines that fit, best first: idle, of a job of the same owner, what the job asks for (account, GPU and
// their count, region, machine, image, disk, spot, price), and allowed to live as long as the job may run.
[[nodiscard]] std::vector<store::InstanceRow> warm_machines(store::Connection& connection,
                                                            const TakeoverRequest& request, int64_t now_ms);

// In a transaction: the machine is the job's from now on, as if it had been made for it, with the deadline that its
// caps allow. Nothing, and nothing changed, when it does not fit any more.
[[nodiscard]] std::optional<store::InstanceRow> take_over(store::Connection& connection, const TakeoverRequest& request,
                                                          const std::string& id, int64_t now_ms);

// The opposite, in an edit of the row: nobody's until the next job comes, at most `idle_ms` (-1: no limit). The use of
// the holder must be ended beside it.
void give_back(store::InstanceRow& row, int64_t idle_ms, int64_t now_ms);

}  // namespace stoker::fleet
