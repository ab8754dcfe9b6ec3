#include "core/plugin_host/pacer.h"

#include <algorithm>

namespace stoker::plugin_host {

Pacer::Pacer(HttpPace pace, Clock& clock)
    : pace_{std::max<int64_t>(0, pace.interval_ms), std::max(1u, pace.burst)}, clock_(clock) {}

bool Pacer::take(const Wait& wait) {
  clock_.check(wait, "waiting for the pace of the account");
  if (pace_.interval_ms == 0) return true;
  int64_t turn = 0, full = 0;
  {
    const int64_t now = clock_.mono_ms();
    const std::lock_guard lock(mutex_);
    // A token is there as soon as at most burst - 1 are missing.
    const int64_t base = std::max(full_ms_, now);
    turn = std::max(now, base - pace_.interval_ms * (pace_.burst - 1));
    if (turn >= wait.deadline_ms) return false;
    full = full_ms_ = base + pace_.interval_ms;
  }
  // Again and again: a clock may wake a sleeper early.
  for (int64_t now = clock_.mono_ms(); now < turn; now = clock_.mono_ms()) {
    clock_.sleep(turn - now, wait);
    if (!wait.cancel.stop_requested()) continue;
    const std::lock_guard lock(mutex_);
    if (full_ms_ == full) full_ms_ -= pace_.interval_ms;
    break;
  }
  clock_.check(wait, "waiting for the pace of the account");
  return true;
}

}  // namespace stoker::plugin_host
