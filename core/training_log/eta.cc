#include "core/training_log/eta.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace stoker::training_log {
namespace {

// A gap of so many steps more than expected is a pause: bars of real trainings rarely show steps that take four times
// the usual. Where an evaluation or a checkpoint was seen, one step more is enough.
constexpr double kPauseSteps = 3, kSeenPauseSteps = 1;
// And of so many seconds: a clock of whole seconds is off by up to one.
constexpr double kPause_s = 2, kSeenPause_s = 1;
// The difference of two times of a clock that counts whole seconds.
constexpr double kClockVariance = 1.0 / 6;
constexpr size_t kMinBlocks = 2;

constexpr double kNormal90 = 1.2816;  // the 90 % quantile of the normal distribution

// By what Student's t is wider there, to the first term in 1/freedom.
double student(double freedom) { return 1 + (kNormal90 * kNormal90 + 1) / 4 / freedom; }

// An expectation, ready to be asked often.
struct Spread {
  double s = 0, deviation = 0, weight = 0;
};

// How likely it is that it takes less than `s`. A forecast is as often half of the truth as twice of it.
double below(std::span<const Spread> all, double s) {
  double sum = 0;
  for (const Spread& e : all) {
    const double off = s >= e.s ? s - e.s : e.s - e.s * e.s / s;
    sum += e.weight * std::erfc(-off / e.deviation / std::numbers::sqrt2) / 2;
  }
  return sum;
}

// Less than this it takes with `probability`, which is somewhere between `low` and `high`.
double quantile(std::span<const Spread> all, double probability, double low, double high) {
  constexpr int kHalvings = 16;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (below(all, middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

void EtaEstimate::begin(int64_t n, double time_s) {
  clear();
  n_ = n;
  first_s_ = last_s_ = time_s;
}

void EtaEstimate::add(int64_t n, double time_s) {
  if (!std::isfinite(time_s)) return;
  if (n_ < 0 || n < n_ || time_s < last_s_) return begin(n, time_s);
  if (n > n_) {
    advance(n, time_s);
    n_ = n;
    first_s_ = time_s;
    saw_pause_ = false;
  }
  last_s_ = time_s;
}

void EtaEstimate::advance(int64_t n, double time_s) {
  // Up to the first step seen: compilation, or the jump of a run that is resumed. A pause behind it says nothing
  // either, some evaluate once at the start.
  if (known_ == Known::nothing) {
    known_ = Known::start;
    return;
  }
  const double moved = time_s - last_s_, stood = known_ == Known::start ? 0 : last_s_ - first_s_;
  known_ = Known::steps;
  const double least_s = saw_pause_ ? kSeenPause_s : kPause_s, least_steps = saw_pause_ ? kSeenPauseSteps : kPauseSteps;
  double paused = stood >= least_s ? stood : 0;
  int64_t last = n_;
  if (const double step_s = step_time_.step_s(); step_s > 0) {
    const auto steps = static_cast<double>(n - n_);
    const double over = moved - steps * step_s;
    if (moved >= least_s && over > least_steps * step_s * std::sqrt(steps)) {
      paused += over;
      last = n - 1;
    }
  }
  if (paused > 0) pauses_.add(n_, last, paused);
  step_time_.add(n - n_, stood + moved - paused);
}

std::optional<Eta> EtaEstimate::at(int64_t n, int64_t total) const {
  if (n != n_ || n > total) return std::nullopt;
  if (n == total) return Eta{};
  if (step_time_.blocks() < kMinBlocks) return std::nullopt;
  const Expected pauses = pauses_.ahead(n, total, last_s_ - first_s_, step_time_.steps());
  const double wider = student(step_time_.certainty());
  std::array<Spread, StepTime::kSpeeds> all;
  size_t count = 0;
  double s = 0, least = HUGE_VAL, most = 0;
  for (Expected e : step_time_.ahead(total - n)) {
    e.s += pauses.s;
    e.variance = (e.variance + pauses.variance + kClockVariance) * wider * wider;
    const double deviation = std::sqrt(e.variance);
    all[count++] = {e.s, deviation, e.weight};
    s += e.weight * e.s;
    const double off = kNormal90 * deviation / e.s;
    least = std::min(least, e.s / (1 + off));
    most = std::max(most, e.s * (1 + off));
  }
  if (!std::isfinite(s) || !std::isfinite(most)) return std::nullopt;
  return Eta{s, std::min(s, quantile(all, 0.1, least, most)), std::max(s, quantile(all, 0.9, least, most))};
}

}  // namespace stoker::training_log
