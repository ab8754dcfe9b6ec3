// The three clocks of the machine, in milliseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace stoker::runner {

inline int64_t clock_ms(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}
inline int64_t wall_ms() { return clock_ms(CLOCK_REALTIME); }
inline int64_t mono_ms() { return clock_ms(CLOCK_MONOTONIC); }
inline int64_t boot_ms() { return clock_ms(CLOCK_BOOTTIME); }  // counts while the machine sleeps, never jumps

}  // namespace stoker::runner
