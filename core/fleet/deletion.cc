#include "core/fleet/deletion.h"

#include <algorithm>

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using plugin_host::InstanceState;
using store::InstancePhase;
using store::InstanceRow;

constexpr int64_t kCallMs = kMinute;
constexpr int64_t kMaxBackOffMs = 5 * kMinute;

int64_t back_off(int attempts) { return std::min(kMaxBackOffMs, kSecond << std::min(attempts, 9)); }

bool absent_by_id(plugin_host::Provider& provider, const InstanceRow& row, const Wait& wait) {
  try {
    return provider.get(ref_of(row), wait).state == InstanceState::gone;
  } catch (const Error& error) {
    if (error.fault == Fault::not_found) return true;
    throw;
  }
}

}  // namespace

bool is_absent(FleetContext& ctx, const InstanceRow& row, const Wait& wait) {
  plugin_host::Provider& provider = ctx.provider(row.provider);
  if (!absent_by_id(provider, row, wait)) return false;
  const std::vector<Instance> listed = provider.find(ctx.install_id, "", wait);
  return std::none_of(listed.begin(), listed.end(),
                      [&](const Instance& it) { return it.id == row.cloud_id && it.state != InstanceState::gone; });
}

DeletionStep delete_step(FleetContext& ctx, const InstanceRow& row, int64_t absent_for_ms, const Wait& wait) {
  const Wait call = wait.until(ctx.clock.mono_ms() + kCallMs);
  bool absent = false;
  int64_t settle = 0;
  try {
    plugin_host::Provider& provider = ctx.provider(row.provider);
    settle = provider.facts().settle_ms;
    if (absent_for_ms < 0) provider.remove(ref_of(row), call);
    absent = is_absent(ctx, row, call);
  } catch (const Error& error) {
    if (!wait.cancel.stop_requested() && ctx.alarm)
      ctx.alarm("deleting " + row.id + " at " + row.provider + ": " + error.what() +
                "; it is still billing, trying again");
  }
  if (absent && absent_for_ms >= settle) {
    const InstanceRow gone = change(ctx, "gone", row.id, [&](InstanceRow& it) {
      it.phase = InstancePhase::gone;
      it.gone_ms = it.absent_since_ms > 0 ? it.absent_since_ms : ctx.clock.wall_ms();
    });
    return {gone, true, 0};
  }
  if (absent) {
    const InstanceRow once = absent_for_ms >= 0 ? row : change(ctx, "absent once", row.id, [&](InstanceRow& it) {
      it.absent_since_ms = ctx.clock.wall_ms();
    });
    return {once, false, settle - std::max<int64_t>(absent_for_ms, 0)};
  }
  const InstanceRow present = change(ctx, "still there", row.id, [&](InstanceRow& it) {
    it.absent_since_ms = 0;
    ++it.delete_attempts;
  });
  return {present, false, present.delete_attempts <= 3 ? 500 : back_off(present.delete_attempts - 3)};
}

}  // namespace stoker::fleet
