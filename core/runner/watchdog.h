// The dead-man's switch: a process of its own that stops the job, and the machine where it was asked to, when time is
// up or nobody has looked for too long.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/runner/job.h"

namespace stoker::runner {

struct Arming {
  int64_t hard_cap_ms = 0;  // from arming; on CLOCK_BOOTTIME and on the wall clock, whichever is first
  int64_t idle_ms = 0;      // without a beat while no training runs; 0: never
  bool power_off = false;
  int64_t armed_boot_ms = 0, armed_wall_ms = 0;
  int64_t pid = 0, start_time = 0;  // of the watchdog
  std::string fired;                // empty, "hard_cap" or "idle"

  [[nodiscard]] std::string json() const;
  [[nodiscard]] static std::optional<Arming> read(const Job& job);
};

// When to fire. Pure: time and what is seen come in.
class Watchdog {
 public:
  struct Sight {
    int64_t boot_ms = 0, wall_ms = 0;
    int64_t beat_ms =
        0;  // mtime of `beat`; only that it changes counts, so that a jump of the wall clock is no beat missed
    bool training = false;
  };

  // The idle time starts anew.
  void arm(const Arming& arming);
  // Null, or the reason to fire.
  [[nodiscard]] const char* look(const Sight& sight);

 private:
  Arming arming_;
  int64_t last_sign_boot_ms_ = 0, last_beat_ms_ = 0;
};

// Watches until it fires; arms itself anew when the file `watchdog` changes. Then stops the job, and calls `power_off`
// every `again_ms` until that ends the machine or it returns true. Survives the removal of the job folder: it knows its
// arming.
struct WatchOptions {
  std::function<bool()> power_off;
  int64_t look_every_ms = 1000, again_ms = 60'000, grace_ms = 10'000;
};
void watch_job(const Job& job, Arming arming, const WatchOptions& options);

// Starts the watchdog, or arms the living one anew. Returns the arming as read back.
[[nodiscard]] Arming arm_watchdog(const Job& job, const Arming& wanted, const WatchOptions& options);
// Ends the watchdog if there is one.
void disarm_watchdog(const Job& job);

void touch_beat(const Job& job);

}  // namespace stoker::runner
