// A clock on which nobody waits: it runs with the machine, and a wait that nothing ends within a moment is skipped.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "core/clock.h"

namespace stoker::plugin_host {

class SkippingClock final : public Clock {
 public:
  [[nodiscard]] int64_t wall_ms() const override { return real_.wall_ms() + skipped_; }
  [[nodiscard]] int64_t mono_ms() const override { return real_.mono_ms() + skipped_; }
  void wait(Signal& signal, uint64_t seen, const Wait& until) override {
    constexpr int64_t kMoment = 2;
    const int64_t pause = until.deadline_ms - mono_ms();
    real_.wait(signal, seen, {until.cancel, real_.mono_ms() + kMoment});
    if (signal.count() != seen || until.cancel.stop_requested()) return;
    const int64_t left = until.deadline_ms - mono_ms();
    if (left <= 0) return;
    skip(left);
    const std::lock_guard lock(mutex_);
    pauses_.push_back(pause);
  }
  [[nodiscard]] std::thread start(const std::string& name, std::function<void()> run) override {
    return real_.start(name, std::move(run));
  }

  void skip(int64_t ms) { skipped_ += ms; }
  // What the waits would have taken, give or take some ms.
  [[nodiscard]] std::vector<int64_t> pauses() const {
    const std::lock_guard lock(mutex_);
    return pauses_;
  }

 private:
  SystemClock real_;
  std::atomic<int64_t> skipped_{0};
  mutable std::mutex mutex_;
  std::vector<int64_t> pauses_;
};

}  // namespace stoker::plugin_host
