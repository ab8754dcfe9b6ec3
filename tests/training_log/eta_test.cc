#include "core/training_log/eta.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>
#include <optional>
#include <random>
#include <vector>

namespace stoker::training_log {
namespace {

struct Frame {
  int64_t n;
  double time_s;
};

// Steps that take step_s(i) seconds, and pauses behind some; a frame for each step, one more where a pause ended.
struct Training {
  int64_t total = 1000;
  std::function<double(int64_t)> step_s = [](int64_t) { return 2.0; };
  std::function<double(int64_t)> pause_s = [](int64_t) { return 0.0; };
  int64_t from = 0;   // where a resumed run goes on
  int64_t every = 1;  // steps to a frame
  bool whole_seconds = true;

  [[nodiscard]] std::vector<Frame> frames() const {
    double now = 0;
    const auto clock = [&] { return whole_seconds ? std::floor(now) : now; };
    std::vector<Frame> out = {{0, 0}};
    if (from > 0) out.push_back({from, 0});
    for (int64_t i = from + 1; i <= total; ++i) {
      now += step_s(i);
      const double pause = pause_s(i);
      if (i % every == 0 || i == total || pause > 0) out.push_back({i, clock()});
      now += pause;
      if (pause > 0) out.push_back({i, clock()});
    }
    return out;
  }
};

struct Figures {
  int forecasts = 0, held = 0;
  double worst = 0;  // relative error of the point, where more than 5 % of the run was left
  std::vector<double> widths;

  [[nodiscard]] double coverage() const { return static_cast<double>(held) / forecasts; }
  [[nodiscard]] double width() const {
    auto sorted = widths;
    std::sort(sorted.begin(), sorted.end());
    return sorted.at(sorted.size() / 2);
  }
};

Figures replay(EtaEstimate& eta, const std::vector<Frame>& frames, int64_t total, double from = 0.2) {
  Figures figures;
  for (const Frame& frame : frames) {
    eta.add(frame.n, frame.time_s);
    if (static_cast<double>(frame.n) < from * static_cast<double>(total) || frame.n == total) continue;
    const auto at = eta.at(frame.n, total);
    if (!at) continue;
    const double left = frames.back().time_s - frame.time_s;
    ++figures.forecasts;
    figures.held += at->low_s <= left && left <= at->high_s ? 1 : 0;
    figures.widths.push_back((at->high_s - at->low_s) / 2 / at->s);
    if (static_cast<double>(frame.n) < 0.95 * static_cast<double>(total))
      figures.worst = std::max(figures.worst, std::abs(at->s - left) / left);
  }
  return figures;
}

Figures replay(const Training& run, double from = 0.2) {
  EtaEstimate eta;
  return replay(eta, run.frames(), run.total, from);
}

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  double even() { return (static_cast<double>(engine_() >> 11U) + 0.5) / 9007199254740992.0; }
  double normal() { return std::sqrt(-2 * std::log(even())) * std::cos(2 * std::numbers::pi * even()); }

 private:
  std::mt19937_64 engine_;
};

TEST(Eta, SaysNothingBeforeItKnows) {
  EtaEstimate eta;
  EXPECT_FALSE(eta.at(0, 100));
  eta.add(0, 0);
  EXPECT_FALSE(eta.at(0, 100));
  eta.add(1, 100);  // compilation
  EXPECT_FALSE(eta.at(1, 100));
  eta.add(2, 105);
  EXPECT_FALSE(eta.at(2, 100));
  eta.add(3, 110);
  const auto at = eta.at(3, 100);
  ASSERT_TRUE(at);
  EXPECT_NEAR(at->s, 97 * 5, 0.01);
  EXPECT_LT(at->low_s, 97 * 5);
  EXPECT_GT(at->high_s, 97 * 5);
  EXPECT_FALSE(eta.at(3, 2));
}

TEST(Eta, OfAFinishedBarIsNone) {
  EtaEstimate eta;
  for (int64_t n = 0; n <= 5; ++n) eta.add(n, static_cast<double>(n));
  const auto at = eta.at(5, 5);
  ASSERT_TRUE(at);
  EXPECT_EQ(at->s, 0);
  EXPECT_EQ(at->low_s, 0);
  EXPECT_EQ(at->high_s, 0);
}

TEST(Eta, OfASteadyRunIsExact) {
  const auto figures = replay(Training{});
  EXPECT_EQ(figures.coverage(), 1);
  EXPECT_LT(figures.worst, 0.01);
  EXPECT_LT(figures.width(), 0.01);
}

TEST(Eta, DiscountsCompilationAndWarmUp) {
  Training run;
  run.step_s = [](int64_t i) { return i == 1 ? 300.0 : i < 5 ? 10.0 : 2.0; };
  const auto figures = replay(run);
  EXPECT_GT(figures.coverage(), 0.95);
  EXPECT_LT(figures.worst, 0.03);
}

TEST(Eta, CountsThePausesStillToCome) {
  Training run;
  run.pause_s = [](int64_t i) { return i % 150 == 0 ? 200.0 : 0.0; };
  const auto figures = replay(run);
  EXPECT_GT(figures.coverage(), 0.95);
  EXPECT_LT(figures.worst, 0.02);
  EXPECT_LT(figures.width(), 0.1);
  EtaEstimate eta;
  for (const Frame& frame : run.frames()) {
    eta.add(frame.n, frame.time_s);
    if (frame.n == 700) break;
  }
  EXPECT_NEAR(eta.at(700, 1000)->s, 300 * 2 + 2 * 200, 5);
}

// The last evaluation is part of the run.
TEST(Eta, CountsAPauseAtTheEnd) {
  Training run;
  run.pause_s = [](int64_t i) { return i % 250 == 0 ? 400.0 : 0.0; };
  const auto figures = replay(run, 0.3);
  EXPECT_GT(figures.coverage(), 0.95);
  EXPECT_LT(figures.worst, 0.02);
}

// Evaluation every 50 steps, a checkpoint behind it every 100.
TEST(Eta, KnowsPausesOfTwoKinds) {
  Training run;
  run.pause_s = [](int64_t i) { return i % 100 == 0 ? 90.0 : i % 50 == 0 ? 30.0 : 0.0; };
  const auto figures = replay(run, 0.25);
  EXPECT_GT(figures.coverage(), 0.95);
  EXPECT_LT(figures.worst, 0.1);
}

// Pauses that show only as gaps between frames of the bar.
TEST(Eta, KnowsAPauseByItsGap) {
  Training run;
  run.step_s = [](int64_t i) { return i % 120 == 1 && i > 1 ? 62.0 : 2.0; };
  const auto figures = replay(run);
  EXPECT_GT(figures.coverage(), 0.95);
  EXPECT_LT(figures.worst, 0.02);
}

// What was seen between two frames tells a pause that is no longer than a step or two.
TEST(Eta, KnowsAShortPauseByWhatWasSeen) {
  const auto forecast = [](bool told) {
    EtaEstimate eta;
    double now = 0;
    for (int64_t n = 0; n <= 500; ++n) {
      eta.add(n, now);
      if (n % 100 == 0 && n > 0) now += 5, told ? eta.saw_pause() : void();
      now += 2;
    }
    return eta.at(500, 1000)->s;
  };
  EXPECT_NEAR(forecast(true), 1000 + 6 * 5, 0.5);
  EXPECT_GT(std::abs(forecast(false) - 1030), 1);
}

// A stall that never comes again is not taken for a schedule.
TEST(Eta, ForgivesAStall) {
  Training run;
  run.pause_s = [](int64_t i) { return i == 150 ? 300.0 : 0.0; };
  const auto figures = replay(run, 0.4);
  EXPECT_GT(figures.coverage(), 0.95);
}

TEST(Eta, FollowsADrift) {
  Training run;
  run.step_s = [](int64_t i) { return 2 + 2 * static_cast<double>(i) / 1000; };
  const auto figures = replay(run, 0.5);
  EXPECT_LT(figures.worst, 0.25);
  EtaEstimate eta;
  for (const Frame& frame : run.frames()) {
    eta.add(frame.n, frame.time_s);
    if (frame.n == 900) break;
  }
  EXPECT_NEAR(eta.at(900, 1000)->s, 395, 25);
}

TEST(Eta, FollowsAChangeOfSpeed) {
  Training run;
  run.step_s = [](int64_t i) { return i < 400 ? 20.0 : 2.0; };
  EXPECT_LT(replay(run, 0.6).worst, 0.1);
}

TEST(Eta, ReadsACoarseClock) {
  Training run;  // 40 steps a second, drawn ten times a second
  run.total = 4000;
  run.step_s = [](int64_t) { return 0.025; };
  run.every = 4;
  EXPECT_LT(replay(run).worst, 0.2);
}

TEST(Eta, LeavesTheJumpOfAResumedRunOut) {
  Training run;
  run.from = 500;
  const auto figures = replay(run, 0.55);
  EXPECT_GT(figures.forecasts, 400);
  EXPECT_EQ(figures.coverage(), 1);
  EXPECT_LT(figures.worst, 0.02);
}

TEST(Eta, BeginsAnewWithAnotherRun) {
  EtaEstimate eta;
  Training slow;
  slow.step_s = [](int64_t) { return 50.0; };
  for (const Frame& frame : slow.frames()) eta.add(frame.n, frame.time_s);
  const Training quick;
  eta.add(0, 0);
  EXPECT_FALSE(eta.at(0, 1000));
  EXPECT_LT(replay(eta, quick.frames(), 1000).worst, 0.01);
}

TEST(Eta, IsTheSameWithRepeatedFrames) {
  EtaEstimate once, often;
  Training run;
  run.pause_s = [](int64_t i) { return i % 100 == 0 ? 30.0 : 0.0; };
  for (const Frame& frame : run.frames()) {
    once.add(frame.n, frame.time_s);
    for (int i = 0; i < 3; ++i) often.add(frame.n, frame.time_s);
    const auto a = once.at(frame.n, 1000), b = often.at(frame.n, 1000);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (a) {
      ASSERT_EQ(a->s, b->s);
    }
  }
}

TEST(Eta, SurvivesClocksThatAreNone) {
  EtaEstimate eta;
  int64_t n = 0;
  for (const double time_s : {0.0, 1.0, 1e300, 1.1e300, 1.2e300, 1.7e308, HUGE_VAL, std::nan("")}) {
    eta.add(++n, time_s);
    const auto at = eta.at(n, 1000);
    EXPECT_TRUE(!at || std::isfinite(at->high_s)) << time_s;
  }
}

TEST(Eta, StaysSmall) { EXPECT_LE(sizeof(EtaEstimate), 8U * 1024); }

struct Coverage {
  double mean = 0, width = 0;
};

// Each run weighs the same, whatever its length.
Coverage coverage(const char* name, const std::function<Training(Dice&)>& make) {
  constexpr int kRuns = 200;
  Coverage all;
  for (int seed = 1; seed <= kRuns; ++seed) {
    Dice dice(static_cast<uint64_t>(seed));
    const auto figures = replay(make(dice));
    all.mean += figures.coverage() / kRuns;
    all.width += figures.width() / kRuns;
  }
  std::printf("%s: %.1f %% of ends within the interval, half width %.1f %%\n", name, 100 * all.mean, 100 * all.width);
  return all;
}

TEST(EtaCoverage, OfIndependentSteps) {
  const auto all = coverage("independent steps", [](Dice& dice) {
    Training run;
    run.total = 100 + static_cast<int64_t>(900 * dice.even());
    const double step = std::exp(3 * dice.even()), sigma = 0.05 + 0.3 * dice.even();
    run.step_s = [&dice, step, sigma](int64_t) { return step * std::exp(sigma * dice.normal()); };
    return run;
  });
  EXPECT_GT(all.mean, 0.7);
  EXPECT_LT(all.mean, 0.9);
  EXPECT_LT(all.width, 0.05);
}

TEST(EtaCoverage, OfAWanderingSpeed) {
  const auto all = coverage("wandering speed", [](Dice& dice) {
    Training run;
    run.total = 200 + static_cast<int64_t>(800 * dice.even());
    const double step = 2 + 10 * dice.even(), drift = 0.2 * dice.even() / std::sqrt(static_cast<double>(run.total));
    run.step_s = [&dice, step, drift, level = 0.0](int64_t) mutable {
      level += drift * dice.normal();
      return step * std::exp(level + 0.1 * dice.normal());
    };
    return run;
  });
  EXPECT_GT(all.mean, 0.7);
  EXPECT_LT(all.mean, 0.9);
  EXPECT_LT(all.width, 0.2);
}

TEST(EtaCoverage, OfRunsWithManyFramesASecond) {
  const auto all = coverage("many frames a second", [](Dice& dice) {
    Training run;
    run.total = 1000 + static_cast<int64_t>(2000 * dice.even());
    run.every = 1 + static_cast<int64_t>(4 * dice.even());
    const double step = 0.02 + 0.05 * dice.even();
    run.step_s = [&dice, step](int64_t) { return step * std::exp(0.2 * dice.normal()); };
    return run;
  });
  EXPECT_GT(all.mean, 0.7);
  EXPECT_LT(all.mean, 0.9);
  EXPECT_LT(all.width, 0.05);
}

TEST(EtaCoverage, OfRunsWithPauses) {
  const auto all = coverage("pauses", [](Dice& dice) {
    Training run;
    run.total = 400 + static_cast<int64_t>(600 * dice.even());
    const auto every = static_cast<int64_t>(static_cast<double>(run.total) * (0.05 + 0.1 * dice.even()));
    const double pause = 20 + 200 * dice.even();
    run.step_s = [&dice](int64_t) { return 3 * std::exp(0.2 * dice.normal()); };
    run.pause_s = [&dice, every, pause](int64_t i) {
      return i % every == 0 ? pause * std::exp(0.15 * dice.normal()) : 0;
    };
    return run;
  });
  EXPECT_GT(all.mean, 0.7);
  EXPECT_LT(all.mean, 0.9);
  EXPECT_LT(all.width, 0.15);
}

}  // namespace
}  // namespace stoker::training_log
