#include "core/training_log/step_time.h"

#include <algorithm>
#include <cmath>

namespace stoker::training_log {
namespace {

// Clocks of bars count whole seconds: a shorter block would measure the clock more than the steps.
constexpr double kMinBlock_s = 4;
// Before anything is known a step's time is taken to vary by a tenth, with the weight of two observations.
constexpr double kPriorNoise = 0.1, kPriorWeight = 2;
// From so many blocks on the first one is taken for warm-up: a sixteenth of what is known at most.
constexpr size_t kWarmUpBlocks = 16;

}  // namespace

void StepTime::add(int64_t steps, double s) {
  steps_ += steps;
  open_.steps += steps;
  open_.s += s;
  if (open_.steps < block_steps_ || open_.s < kMinBlock_s) return;
  if (n_blocks_ == kMaxBlocks) halve();
  blocks_[n_blocks_++] = open_;
  open_ = {};
  learn();
}

void StepTime::halve() {
  for (size_t i = 0; i < kMaxBlocks / 2; ++i) {
    const Block &one = blocks_[2 * i], &other = blocks_[2 * i + 1];
    blocks_[i] = {one.steps + other.steps, one.s + other.s};
  }
  n_blocks_ = kMaxBlocks / 2;
  block_steps_ *= 2;
}

size_t StepTime::first() const { return n_blocks_ >= kWarmUpBlocks ? 1 : 0; }

double StepTime::certainty() const { return kPriorWeight + static_cast<double>(n_blocks_ - first()) - 1; }

void StepTime::learn() {
  double steps = 0, s = 0;
  for (size_t i = first(); i < n_blocks_; ++i) {
    steps += static_cast<double>(blocks_[i].steps);
    s += blocks_[i].s;
  }
  const double block = steps / static_cast<double>(n_blocks_ - first());
  std::array<double, kSpeeds> likely{};
  for (size_t i = 0; i < kSpeeds; ++i) {
    levels_[i].drift = kDrifts[i] / (block * block);
    likely[i] = follow(levels_[i], kPriorNoise * s / steps);
  }
  const double best = *std::max_element(likely.begin(), likely.end());
  double sum = 0;
  for (double& l : likely) sum += l = std::exp(l - best);
  step_s_ = 0;
  for (size_t i = 0; i < kSpeeds; ++i) {
    levels_[i].weight = likely[i] / sum;
    step_s_ += levels_[i].weight * levels_[i].step_s;
  }
}

// A Kalman filter of a local level, its scale integrated out: the noise has an inverse gamma prior.
double StepTime::follow(Level& level, double prior) const {
  const size_t from = first();
  level.step_s = blocks_[from].s / static_cast<double>(blocks_[from].steps);
  level.variance = 1 / static_cast<double>(blocks_[from].steps);
  double squares = kPriorWeight * prior * prior, logs = 0;
  for (size_t i = from + 1; i < n_blocks_; ++i) {
    const auto steps = static_cast<double>(blocks_[i].steps);
    level.variance += level.drift * (steps + static_cast<double>(blocks_[i - 1].steps)) / 2;
    const double expected = level.variance + 1 / steps, off = blocks_[i].s / steps - level.step_s;
    const double gain = level.variance / expected;
    squares += off * off / expected;
    logs += std::log(expected);
    level.step_s += gain * off;
    level.variance *= 1 - gain;
  }
  level.noise = squares / certainty();
  return -(logs + certainty() * std::log(squares)) / 2;
}

StepTime::Forecasts StepTime::ahead(int64_t steps) const {
  const auto n = static_cast<double>(steps);
  Forecasts out;
  for (size_t i = 0; i < out.size(); ++i) {
    const Level& level = levels_[i];
    // The mean of a level that wanders over n steps is off by a third of what its end is.
    out[i] = {n * level.step_s, n * n * level.noise * (level.variance + level.drift * n / 3 + 1 / n), level.weight};
  }
  return out;
}

}  // namespace stoker::training_log
