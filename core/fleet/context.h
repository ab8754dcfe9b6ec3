// What every part of the instance protocol needs. The rules behind all of them:
//   intent committed -> act -> result committed; only a definitive refusal permits the next attempt; a doubt is
//   resolved by asking the cloud, never by asking again blindly; gone means absent twice, by id and by list, a settle
//   time apart.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/plugin_host/provider.h"
#include "core/store/instances.h"

namespace stoker::fleet {

struct FleetContext {
  Clock& clock;
  store::Database& db;
  Signal& work;  // wakes the sweeper
  // Of an account; throws unsupported where there is none, or its plugin is not loaded.
  std::function<std::shared_ptr<plugin_host::Provider>(const std::string& account)> provider;
  std::string install_id;
  // For events: of each row within the transaction that changes it, and of its job after the commit.
  std::function<void(store::Connection&, const store::InstanceRow&)> changed;
  std::function<void(const std::string& job_id)> committed;
  std::function<void(const std::string&)> alarm;  // what a person should know
};

// One transaction that makes the row what it returns, event included.
store::InstanceRow commit(FleetContext& ctx, const char* what,
                          const std::function<store::InstanceRow(store::Connection&)>& act);

// Reads the row, lets `edit` change it and writes it back in one transaction, event included.
store::InstanceRow change(FleetContext& ctx, const char* what, const std::string& id,
                          const std::function<void(store::InstanceRow&)>& edit);

// The intent to delete, committed; the sweeper does the rest. A row that is refused or gone, or for which `still` says
// false within the transaction, stays as it is.
store::InstanceRow mark_deleting(FleetContext& ctx, const std::string& id, const std::string& reason,
                                 const std::function<bool(const store::InstanceRow&)>& still = nullptr);

[[nodiscard]] plugin_host::InstanceRef ref_of(const store::InstanceRow& row);

// stk-<install:8>-<job>-<attempt>: name, tag and client token, derived and never random.
[[nodiscard]] std::string instance_name(const std::string& install_id, const std::string& job_id, int attempt);

}  // namespace stoker::fleet
