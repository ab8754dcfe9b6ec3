#include "core/fleet/context.h"

namespace stoker::fleet {

using store::InstancePhase;
using store::InstanceRow;

InstanceRow commit(FleetContext& ctx, const char* what, const std::function<InstanceRow(store::Connection&)>& act) {
  const InstanceRow row = ctx.db.write(what, [&](store::Connection& connection) {
    InstanceRow result = act(connection);
    if (ctx.changed) ctx.changed(connection, result);
    return result;
  });
  if (ctx.committed) ctx.committed(row.holder);
  return row;
}

InstanceRow change(FleetContext& ctx, const char* what, const std::string& id,
                   const std::function<void(InstanceRow&)>& edit) {
  return commit(ctx, what, [&](store::Connection& connection) {
    store::Instances rows(connection);
    auto found = rows.find(id);
    if (!found) throw Error(Fault::not_found, "no instance " + id);
    edit(*found);
    rows.update(*found);
    return *found;
  });
}

InstanceRow mark_deleting(FleetContext& ctx, const std::string& id, const std::string& reason,
                          const std::function<bool(const InstanceRow&)>& still) {
  const InstanceRow row = change(ctx, "delete intent", id, [&](InstanceRow& it) {
    if (it.phase != InstancePhase::alive || (still && !still(it))) return;
    it.phase = InstancePhase::deleting;
    it.kept = false;
    it.keep_until_ms = 0;
    it.reason = reason;
    it.absent_since_ms = 0;
  });
  ctx.work.notify();
  return row;
}

plugin_host::InstanceRef ref_of(const InstanceRow& row) { return {row.cloud_id, row.region, row.cloud_opaque}; }

std::string instance_name(const std::string& install_id, const std::string& job_id, int attempt) {
  return "stk-" + install_id.substr(0, 8) + "-" + job_id + "-" + std::to_string(attempt);
}

}  // namespace stoker::fleet
