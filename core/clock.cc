#include "core/clock.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/error.h"

namespace stoker {
namespace {

int64_t read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

uint64_t Signal::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

void Signal::notify() {
  {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  changed_.notify_all();
}

void Clock::sleep(int64_t ms, const Wait& until) {
  Signal never;
  wait(never, 0, until.until(mono_ms() + ms));
}

void Clock::check(const Wait& until, const char* doing) const {
  if (until.cancel.stop_requested()) throw Error(Fault::cancelled, std::string(doing) + ": cancelled");
  if (mono_ms() >= until.deadline_ms) throw Error(Fault::deadline, std::string(doing) + ": took longer than allowed");
}

int64_t SystemClock::wall_ms() const { return read_clock(CLOCK_REALTIME); }
int64_t SystemClock::mono_ms() const { return read_clock(CLOCK_BOOTTIME); }

void SystemClock::wait(Signal& signal, uint64_t seen, const Wait& until) {
  // Slices of at most a minute: CLOCK_BOOTTIME moves on while the machine sleeps, the condition variable's clock does
  // not.
  std::unique_lock lock(signal.mutex_);
  while (signal.count_ == seen && !until.cancel.stop_requested()) {
    const int64_t left = until.deadline_ms - mono_ms();
    if (left <= 0) return;
    signal.changed_.wait_for(lock, until.cancel, std::chrono::milliseconds(std::min(left, kMinute)),
                             [&] { return signal.count_ != seen; });
  }
}

std::thread SystemClock::start(const std::string& name, std::function<void()> run) {
  return std::thread([name = name.substr(0, 15), run = std::move(run)] {
    pthread_setname_np(pthread_self(), name.c_str());
    run();
  });
}

}  // namespace stoker
