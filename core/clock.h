// Time, waiting and threads: the seam through which a test runs the whole agent on a virtual clock, one thread at a
// time. Rule for the core: never hold a lock across a call of Clock, Provider, Session or Database.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace stoker {

constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute;

// Something threads wait on: a counter that only grows. Read count(), look at the state it guards, then Clock::wait on
// it.
class Signal {
 public:
  [[nodiscard]] uint64_t count() const;
  void notify();

 private:
  friend class SystemClock;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  uint64_t count_ = 0;
};

// How long a blocking operation may take: until cancelled or until `deadline_ms` of Clock::mono_ms().
struct Wait {
  std::stop_token cancel;
  int64_t deadline_ms = INT64_MAX;

  [[nodiscard]] Wait until(int64_t other_deadline_ms) const {
    return {cancel, deadline_ms < other_deadline_ms ? deadline_ms : other_deadline_ms};
  }
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual int64_t wall_ms() const = 0;  // ms since 1970, UTC; for display and tags only
  [[nodiscard]] virtual int64_t mono_ms() const = 0;  // never jumps, counts while the machine sleeps
  // Returns when `signal.count() != seen`, at the deadline, or when cancelled.
  virtual void wait(Signal& signal, uint64_t seen, const Wait& until) = 0;
  // A thread named for debuggers (15 bytes at most). The function must not throw.
  [[nodiscard]] virtual std::thread start(const std::string& name, std::function<void()> run) = 0;
  virtual void join(std::thread& thread) { thread.join(); }

  // Returns early when cancelled or at the deadline of `until`.
  void sleep(int64_t ms, const Wait& until);
  // Throws Error{cancelled} or Error{deadline} naming `doing` once either is true.
  void check(const Wait& until, const char* doing) const;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] int64_t wall_ms() const override;
  [[nodiscard]] int64_t mono_ms() const override;
  void wait(Signal& signal, uint64_t seen, const Wait& until) override;
  [[nodiscard]] std::thread start(const std::string& name, std::function<void()> run) override;
};

}  // namespace stoker
