// How fast one account may ask its cloud: a token bucket.
#pragma once

#include <cstdint>
#include <mutex>

#include "core/clock.h"

namespace stoker::plugin_host {

// On average one request an interval, `burst` at once. Zero: as fast as they come.
struct HttpPace {
  int64_t interval_ms = 0;
  uint32_t burst = 1;
};

// Hands out turns in the order of arrival. Any thread.
class Pacer {
 public:
  Pacer(HttpPace pace, Clock& clock);

  // Waits for a turn. False at once, and no turn is taken, where it would come at the deadline or later. Throws
  // Error{cancelled}; the turn is free again then unless another one waits behind it.
  [[nodiscard]] bool take(const Wait& wait);

 private:
  const HttpPace pace_;
  Clock& clock_;
  std::mutex mutex_;
  int64_t full_ms_ = INT64_MIN;  // on the clock of mono_ms(): when the bucket would be full again
};

}  // namespace stoker::plugin_host
