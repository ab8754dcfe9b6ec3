#include "core/fleet/identity.h"

#include <algorithm>
#include <optional>

#include "core/fleet/creation.h"

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using plugin_host::InstanceState;
using store::InstanceRow;

struct Look {
  std::optional<Instance> shown;
  std::optional<Error> error;  // other than not_found
};

Look look_up(plugin_host::Provider& provider, const InstanceRow& row, const Wait& wait) {
  if (row.cloud_id.empty()) return {};
  try {
    return {provider.get(ref_of(row), wait), {}};
  } catch (const Error& error) {  // the listing may tell as well
    if (error.fault == Fault::not_found) return {};
    return {{}, error};
  }
}

// Under the row's token, oldest first.
std::vector<Instance> list(FleetContext& ctx, plugin_host::Provider& provider, const InstanceRow& row,
                           const Wait& wait) {
  std::vector<Instance> listed = provider.find(ctx.install_id, row.client_token, wait);
  std::erase_if(listed, [](const Instance& it) { return it.state == InstanceState::gone; });
  std::stable_sort(listed.begin(), listed.end(),
                   [](const Instance& a, const Instance& b) { return a.created_ms < b.created_ms; });
  return listed;
}

}  // namespace

bool bears_token(const InstanceRow& row, const Instance& machine) {
  return machine.client_token == row.client_token || machine.name == row.client_token;
}

InstanceRow identify(FleetContext& ctx, const InstanceRow& row, plugin_host::Provider& provider, const Wait& wait) {
  const auto [shown, trouble] = look_up(provider, row, wait);
  const bool by_id = shown && bears_token(row, *shown), has_other = shown && !by_id;
  const std::vector<Instance> listed = by_id ? std::vector{*shown} : list(ctx, provider, row, wait);
  if (listed.empty() && trouble) throw Error(*trouble);
  if (listed.empty() && !has_other) return row;
  const InstanceRow known = commit(ctx, "identify", [&](store::Connection& connection) {
    store::Instances rows(connection);
    InstanceRow it = rows.find(row.id).value();
    const auto of_job = rows.of_job(row.job_id);
    const auto free = [&](const Instance& one) {
      return std::none_of(of_job.begin(), of_job.end(),
                          [&](const InstanceRow& other) { return other.cloud_id == one.id; });
    };
    if (std::any_of(listed.begin(), listed.end(), [&](const Instance& one) { return one.id == it.cloud_id; })) {
      it.seen_alive = true;
    } else if (const auto ours = std::find_if(listed.begin(), listed.end(), free); ours != listed.end()) {
      copy_facts(it, *ours);
      it.seen_alive = true;
    } else if (has_other) {
      it.cloud_id = it.cloud_opaque = "";
    }
    rows.update(it);
    return it;
  });
  if (known.cloud_id != row.cloud_id && !row.cloud_id.empty() && ctx.alarm)
    ctx.alarm(row.provider + " answered the creation of " + row.id + " with " + row.cloud_id +
              ", which is another machine" + (known.cloud_id.empty() ? "" : "; it is " + known.cloud_id));
  return known;
}

InstanceRow withdraw_id(FleetContext& ctx, const InstanceRow& row) {
  return change(ctx, "id withdrawn", row.id, [](InstanceRow& it) {
    if (it.phase != store::InstancePhase::alive || it.seen_alive) return;
    it.phase = store::InstancePhase::unknown;
    it.cloud_id = it.cloud_opaque = it.cloud_state = it.ssh_host = "";
    it.billed_from_ms = 0;
  });
}

}  // namespace stoker::fleet
