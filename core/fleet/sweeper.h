// The last line of defence: deletes what is marked, for ever, and compares what the clouds list with what the store
// knows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/fleet/context.h"

namespace stoker::fleet {

// One thread of its own, independent of the jobs.
class Sweeper {
 public:
  explicit Sweeper(FleetContext ctx) : ctx_(std::move(ctx)) {}
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  void start();

  // One round on the caller's thread: deletes what is due, and lists when a sweep is due. Gives the time until the next
  // is due.
  int64_t round(const Wait& wait);

 private:
  struct Watch {
    int64_t due_ms = 0;                   // mono
    std::optional<int64_t> absent_since;  // mono
  };

  struct Tidying {
    int64_t due_ms = 0;  // mono
    int failures = 0;
    std::optional<int64_t> nothing_since;  // mono
  };

  void run(const std::stop_token& closing);
  bool delete_once(const store::InstanceRow& row, Watch& watch, const Wait& wait);
  int64_t delete_due(const Wait& wait);
  int64_t tidy_due(const Wait& wait);
  int64_t close_orphans();
  void sweep(const Wait& wait);
  void sweep_account(const std::string& account, std::vector<store::InstanceRow>& rows, const Wait& wait);
  void stray(const std::string& account, const plugin_host::Instance& it, const Wait& wait);
  void late_double(const store::InstanceRow& known, const plugin_host::Instance& it,
                   const std::vector<plugin_host::Instance>& listed);
  void missing(const store::InstanceRow& row, const Wait& wait);

  FleetContext ctx_;
  std::map<std::string, Watch> deleting_;
  std::map<std::string, Tidying> tidying_;
  std::map<std::string, int64_t> missing_;  // alive rows a listing lacked, since (mono)
  std::optional<int64_t> swept_ms_;         // mono
  std::stop_source closing_;
  std::thread thread_;
};

}  // namespace stoker::fleet
