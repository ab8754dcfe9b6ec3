#include "core/fleet/deletion.h"

#include <algorithm>

#include "core/fleet/identity.h"

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using plugin_host::InstanceState;
using store::InstancePhase;
using store::InstanceRow;

constexpr int64_t kCallMs = kMinute;
constexpr int64_t kMaxBackOffMs = 5 * kMinute;

int64_t back_off(int attempts) { return std::min(kMaxBackOffMs, kSecond << std::min(attempts, 9)); }

constexpr int kAskAgainEvery = 8;  // looks at a machine that says it is on its way out

InstanceState state_by_id(plugin_host::Provider& provider, const InstanceRow& row, const Wait& wait) {
  try {
    return provider.get(ref_of(row), wait).state;
  } catch (const Error& error) {
    if (error.fault == Fault::not_found) return InstanceState::gone;
    throw;
  }
}

bool absent_by_list(plugin_host::Provider& provider, const FleetContext& ctx, const InstanceRow& row,
                    const Wait& wait) {
  const std::vector<Instance> listed = provider.find(ctx.install_id, "", wait);
  return std::none_of(listed.begin(), listed.end(),
                      [&](const Instance& it) { return it.id == row.cloud_id && it.state != InstanceState::gone; });
}

// Asks for the removal: at once the first time, later only of a machine that shows no sign of going, and now and then
// whatever it shows. Gives the state by id afterwards.
InstanceState request_removal(plugin_host::Provider& provider, const InstanceRow& row, const Wait& wait) {
  if (row.delete_attempts > 0 && row.delete_attempts % kAskAgainEvery != 0) {
    try {
      const InstanceState state = state_by_id(provider, row, wait);
      if (state == InstanceState::gone || state == InstanceState::deleting) return state;
    } catch (const Error&) {  // who can not look can still ask for the removal
    }
  }
  provider.remove(ref_of(row), wait);
  return state_by_id(provider, row, wait);
}

}  // namespace

bool is_absent(FleetContext& ctx, const InstanceRow& row, const Wait& wait) {
  const std::shared_ptr<plugin_host::Provider> provider = ctx.provider(row.account);
  return state_by_id(*provider, row, wait) == InstanceState::gone && absent_by_list(*provider, ctx, row, wait);
}

DeletionStep delete_step(FleetContext& ctx, const InstanceRow& row, int64_t absent_for_ms, const Wait& wait) {
  const Wait call = wait.until(ctx.clock.mono_ms() + kCallMs);
  bool absent = false;
  int64_t settle = 0;
  try {
    const std::shared_ptr<plugin_host::Provider> provider = ctx.provider(row.account);
    settle = provider->facts().settle_ms;
    const InstanceRow known = row.seen_alive ? row : identify(ctx, row, *provider, call);
    const InstanceState state = known.cloud_id.empty() ? InstanceState::gone
                                : absent_for_ms < 0    ? request_removal(*provider, known, call)
                                                       : state_by_id(*provider, known, call);
    absent = state == InstanceState::gone && absent_by_list(*provider, ctx, known, call);
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
