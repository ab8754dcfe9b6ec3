// A clock that runs one thread at a time on virtual time: one seed is one schedule.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "core/clock.h"

namespace stoker::simulation {

// Thrown through the code under test when its process "dies": every seam throws it until all threads are gone.
struct Crash {};

class Scheduler final : public Clock {
 public:
  explicit Scheduler(uint64_t seed);
  ~Scheduler() override;

  [[nodiscard]] int64_t wall_ms() const override { return kStartOfTime + now_ms_; }
  [[nodiscard]] int64_t mono_ms() const override { return now_ms_; }
  void wait(Signal& signal, uint64_t seen, const Wait& until) override;
  [[nodiscard]] std::thread start(const std::string& name, std::function<void()> run) override;
  void join(std::thread& thread) override;

  // Where another thread may go on instead; every seam of the simulated world calls it. Throws Crash when dead.
  void step();
  // From now on every seam throws Crash, until revive().
  void kill() { dead_ = true; }
  void revive() { dead_ = false; }
  [[nodiscard]] bool dead() const { return dead_; }

  std::mt19937_64& random() { return random_; }
  [[nodiscard]] uint64_t switches() const { return switches_; }

 private:
  static constexpr int64_t kStartOfTime = 1'700'000'000'000;

  struct Task {
    std::function<bool()> ready;  // empty: ready now
    int64_t deadline_ms = 0;      // while not ready
    bool finished = false;
    std::condition_variable turn;
  };

  void pause(std::unique_lock<std::mutex>& lock, Task& self);
  void hand_over(Task* self);
  Task& current();
  void check_alive() const;

  std::mutex mutex_;
  std::map<std::thread::id, std::unique_ptr<Task>> tasks_;
  Task* running_ = nullptr;
  int64_t now_ms_ = 0;
  bool dead_ = false;
  uint64_t switches_ = 0;
  std::mt19937_64 random_;
};

}  // namespace stoker::simulation
