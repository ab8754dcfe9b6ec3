// A clock on which time passes several times as fast as it does, from the moment of its making.
#pragma once

#include "core/clock.h"

namespace stoker::e2e {

class FastClock final : public Clock {
 public:
  explicit FastClock(double speed) : speed_(speed), wall_(real_.wall_ms()), mono_(real_.mono_ms()) {}

  [[nodiscard]] int64_t wall_ms() const override { return wall_ + passed(); }
  [[nodiscard]] int64_t mono_ms() const override { return mono_ + passed(); }
  void wait(Signal& signal, uint64_t seen, const Wait& until) override {
    Wait real = until;
    if (until.deadline_ms != INT64_MAX)
      // Rounded up: who wakes a moment too soon would only go to sleep again.
      real.deadline_ms = mono_ + static_cast<int64_t>(static_cast<double>(until.deadline_ms - mono_) / speed_) + 1;
    real_.wait(signal, seen, real);
  }
  [[nodiscard]] std::thread start(const std::string& name, std::function<void()> run) override {
    return real_.start(name, std::move(run));
  }

 private:
  [[nodiscard]] int64_t passed() const {
    return static_cast<int64_t>(static_cast<double>(real_.mono_ms() - mono_) * speed_);
  }

  SystemClock real_;
  const double speed_;
  const int64_t wall_, mono_;
};

}  // namespace stoker::e2e
