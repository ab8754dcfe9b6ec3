#include "core/fleet/tidying.h"

#include <algorithm>

namespace stoker::fleet {
namespace {

constexpr int64_t kCallMs = kMinute;
constexpr int64_t kLookAgainMs = 5 * kSecond;
constexpr int64_t kMaxBackOffMs = 5 * kMinute;

// True when there was nothing.
bool remove_all(plugin_host::Provider& provider, const FleetContext& ctx, const store::InstanceRow& row,
                const Wait& wait) {
  const auto left = provider.resources(ctx.install_id, row.client_token, wait);
  for (const plugin_host::Resource& resource : left) provider.remove_resource(resource, wait);
  return left.empty();
}

}  // namespace

TidyStep tidy_step(FleetContext& ctx, const store::InstanceRow& row, int failures, int64_t nothing_for_ms,
                   const Wait& wait) {
  int64_t settle = 0;
  try {
    const std::shared_ptr<plugin_host::Provider> provider = ctx.provider(row.account);
    const Wait call = wait.until(ctx.clock.mono_ms() + kCallMs);
    settle = provider->facts().settle_ms;
    if (!remove_all(*provider, ctx, row, call)) return {false, false, false, kLookAgainMs};
  } catch (const Error& error) {
    if (!wait.cancel.stop_requested() && failures == 0 && ctx.alarm)
      ctx.alarm("removing what " + row.id + " left at " + row.account + ": " + error.what() + "; trying again");
    return {false, true, false, std::min(kMaxBackOffMs, kLookAgainMs << std::min(failures, 6))};
  }
  if (nothing_for_ms < settle) return {false, false, true, settle - std::max<int64_t>(nothing_for_ms, 0)};
  // No news of the machine, and so nothing to tell: the events of its job are over.
  ctx.db.write("tidied", [&](store::Connection& connection) {
    store::Instances rows(connection);
    auto it = rows.find(row.id).value();
    it.tidied = true;
    rows.update(it);
  });
  return {true, false, true, 0};
}

}  // namespace stoker::fleet
