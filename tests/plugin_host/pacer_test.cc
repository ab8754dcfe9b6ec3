#include "core/plugin_host/pacer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/error.h"

namespace stoker::plugin_host {
namespace {

// Time stands still but for its waits.
class StillClock final : public Clock {
 public:
  [[nodiscard]] int64_t wall_ms() const override { return now; }
  [[nodiscard]] int64_t mono_ms() const override { return now; }
  void wait(Signal&, uint64_t, const Wait& until) override { now = std::max(now, until.deadline_ms); }
  [[nodiscard]] std::thread start(const std::string&, std::function<void()> run) override { return std::thread(run); }
  int64_t now = 1'000'000;
};

TEST(Pacer, LetsABurstThroughAndThenOneAnInterval) {
  StillClock clock;
  Pacer pacer({6000, 3}, clock);
  std::vector<int64_t> turns;
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(pacer.take({}));
    turns.push_back(clock.now - 1'000'000);
  }
  EXPECT_EQ(turns, (std::vector<int64_t>{0, 0, 0, 6000, 12'000, 18'000}));
  clock.now += 12'000;
  EXPECT_TRUE(pacer.take({}));
  EXPECT_TRUE(pacer.take({}));
  EXPECT_EQ(clock.now, 1'030'000) << "two intervals fill two";
  clock.now += kHour;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pacer.take({}));
  EXPECT_EQ(clock.now, 1'030'000 + kHour) << "never more than the burst";
  EXPECT_TRUE(pacer.take({}));
  EXPECT_EQ(clock.now, 1'036'000 + kHour);
}

TEST(Pacer, WithoutAPaceNobodyWaits) {
  StillClock clock;
  Pacer pacer({}, clock);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pacer.take({}));
  EXPECT_EQ(clock.now, 1'000'000);
}

TEST(Pacer, ATurnPastTheDeadlineIsNotTaken) {
  StillClock clock;
  Pacer pacer({6000, 1}, clock);
  EXPECT_TRUE(pacer.take({}));
  EXPECT_FALSE(pacer.take({{}, 1'006'000}));
  EXPECT_EQ(clock.now, 1'000'000) << "said at once";
  EXPECT_TRUE(pacer.take({{}, 1'006'001}));
  EXPECT_EQ(clock.now, 1'006'000);
}

TEST(Pacer, ACancelledTurnIsFreeAgain) {
  SystemClock clock;
  Pacer pacer({60'000, 1}, clock);
  EXPECT_TRUE(pacer.take({}));
  std::stop_source cancel;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    cancel.request_stop();
  });
  try {
    (void)pacer.take({cancel.get_token()});
    ADD_FAILURE() << "it had to wait";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::cancelled);
    EXPECT_STREQ(error.what(), "waiting for the pace of the account: cancelled");
  }
  other.join();
  EXPECT_FALSE(pacer.take({{}, clock.mono_ms() + 59'000}));
  EXPECT_FALSE(pacer.take({{}, clock.mono_ms() + 59'900})) << "refused turns take none";
}

// Time stands still; who waits goes on once the test has moved it past his time.
class HeldClock final : public Clock {
 public:
  [[nodiscard]] int64_t wall_ms() const override { return mono_ms(); }
  [[nodiscard]] int64_t mono_ms() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void wait(Signal&, uint64_t, const Wait& until) override {
    std::unique_lock lock(mutex_);
    waits_.push_back(until.deadline_ms);
    changed_.notify_all();
    changed_.wait(lock, [&] { return now_ >= until.deadline_ms; });
  }
  [[nodiscard]] std::thread start(const std::string&, std::function<void()> run) override { return std::thread(run); }

  // Until when each of `n` waits, in the order of their coming.
  std::vector<int64_t> waits(size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waits_.size() == n; });
    return waits_;
  }
  void move_to(int64_t now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int64_t now_ = 1000;
  std::vector<int64_t> waits_;
};

TEST(Pacer, TurnsComeInTheOrderOfArrival) {
  HeldClock clock;
  Pacer pacer({100, 1}, clock);
  EXPECT_TRUE(pacer.take({}));
  std::vector<std::thread> threads;
  for (size_t i = 1; i <= 4; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(pacer.take({})); });
    EXPECT_EQ(clock.waits(i).back(), 1000 + 100 * static_cast<int64_t>(i));
  }
  clock.move_to(2000);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace stoker::plugin_host
