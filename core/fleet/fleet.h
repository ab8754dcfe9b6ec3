// What is rented, in words an API can show: list, destroy, keep. The protocol behind it is in context.h, creation.h,
// sweeper.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/store/instances.h"

namespace stoker::fleet {

struct Cost {
  int64_t micros_so_far = 0;
  int64_t micros_per_hour = 0;  // of what is billed right now
  std::string currency = "USD";
};

class Fleet {
 public:
  Fleet(store::Database& database, Clock& clock, Signal& work) : db_(database), clock_(clock), work_(work) {}

  [[nodiscard]] std::vector<store::InstanceRow> list(int limit, const std::string& after);  // newest first
  [[nodiscard]] store::InstanceRow get(const std::string& id);                              // throws not_found
  // Commits the intent to delete; the sweeper deletes until it is gone. Throws conflict while a job is using it.
  store::InstanceRow destroy(const std::string& id, const std::string& reason);
  // Lets the instance outlive its job, `idle_minutes` from now and from the end of each job that takes it; empty: until
  // it is destroyed. Throws conflict when it is being deleted.
  store::InstanceRow keep(const std::string& id, std::optional<int64_t> idle_minutes);
  store::InstanceRow stop_keeping(const std::string& id);
  // Somebody uses a kept instance: its idle time begins anew, and for `ms` no job takes it. An instance that a job
  // has is not touched. Throws conflict when it is being deleted.
  void hold(const std::string& id, int64_t ms);

  // Of one instance from its first to its last day; of a job the time for which it had its machines, the warm ones
  // from the take-over on; idle: what an instance cost while no job had it. All up to now.
  [[nodiscard]] static Cost cost_of(const store::InstanceRow& row, int64_t now_ms);
  [[nodiscard]] static Cost cost_of_job(store::Connection& connection, const std::string& job_id, int64_t now_ms);
  [[nodiscard]] static Cost idle_cost_of(store::Connection& connection, const store::InstanceRow& row, int64_t now_ms);
  [[nodiscard]] Cost cost_of_job(const std::string& job_id);

 private:
  store::Database& db_;
  Clock& clock_;
  Signal& work_;  // wakes the sweeper
};

}  // namespace stoker::fleet
