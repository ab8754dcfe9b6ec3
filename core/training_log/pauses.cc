#include "core/training_log/pauses.h"

#include <algorithm>

namespace stoker::training_log {
namespace {

// Before several are known, pauses are taken to differ by a fifth in length.
constexpr double kPriorSpread = 0.2;
// Frames do not show every step: a pause that is due a little behind the end comes at the end.
constexpr int64_t kSlack = 64;
// The evaluation, then the checkpoint a step later: one pause, if it all comes within this part of the steps before.
constexpr int64_t kOnePause = 32;

}  // namespace

void Pauses::add(int64_t first, int64_t last, double s) {
  if (n_ > 0) {
    Pause& before = pauses_[n_ - 1];
    if (first <= before.last + 1 && first - before.first <= 1 + before.first / kOnePause) {
      before.last = std::max(before.last, last);
      before.s += s;
      find_period();
      return;
    }
  }
  if (n_ == kMax) {
    std::move(pauses_.begin() + 1, pauses_.end(), pauses_.begin());
    --n_;
  }
  pauses_[n_++] = {first, last, s};
  find_period();
}

// The shortest distance back from the last pause at which pauses recur. A first pause tells its period alone: schedules
// count from step 0.
void Pauses::find_period() {
  const int64_t last = pauses_[n_ - 1].first;
  for (size_t i = n_ - 1; i-- > 0;) {
    period_ = last - pauses_[i].first;
    if (recurs(period_)) return;
  }
  period_ = n_ <= 2 && recurs(last) ? last : 0;
}

// Four in five pauses have a follower after `period` steps, of those for which it was due.
bool Pauses::recurs(int64_t period) const {
  if (period <= 0) return false;
  size_t due = 0, came = 0;
  for (size_t i = 0; i < n_; ++i) {
    if (pauses_[i].first + period > pauses_[n_ - 1].last) break;
    ++due;
    for (size_t j = i + 1; j < n_; ++j) {
      if (pauses_[j].first > pauses_[i].last + period) break;
      if (pauses_[j].last < pauses_[i].first + period) continue;
      ++came;
      break;
    }
  }
  return came * 5 >= due * 4;
}

double Pauses::mean() const {
  double sum = 0;
  for (size_t i = 0; i < n_; ++i) sum += pauses_[i].s;
  return sum / static_cast<double>(n_);
}

double Pauses::spread() const {
  const double middle = mean();
  double squares = 2 * middle * middle * kPriorSpread * kPriorSpread;
  for (size_t i = 0; i < n_; ++i) squares += (pauses_[i].s - middle) * (pauses_[i].s - middle);
  return squares / static_cast<double>(n_ + 1);
}

// The mean of those that came whole periods before.
double Pauses::length_of_kind(const Pause& pause) const {
  double sum = 0, alike = 0;
  for (size_t i = 0; i < n_ && pauses_[i].first <= pause.first; ++i) {
    const int64_t phase = (pause.first - pauses_[i].first) % period_;
    if (std::min(phase, period_ - phase) > pauses_[i].last - pauses_[i].first) continue;
    sum += pauses_[i].s;
    ++alike;
  }
  return sum / alike;
}

Expected Pauses::periodic(int64_t n, int64_t total, double stood_s) const {
  const int64_t end = total + period_ / kSlack;
  double s = 0, times = 0;
  for (size_t i = n_; i-- > 0 && pauses_[i].first > pauses_[n_ - 1].first - period_;) {
    int64_t next = pauses_[i].first + period_;
    if (next < n) next += (n - next + period_ - 1) / period_ * period_;
    if (next > end) continue;
    const double length = length_of_kind(pauses_[i]), here = static_cast<double>((end - next) / period_ + 1);
    s += here * length;
    if (next == n) s -= std::min(length, stood_s);
    times += here;
  }
  return {s, spread() * times * (1 + times / static_cast<double>(n_))};
}

Expected Pauses::ahead(int64_t n, int64_t total, double stood_s, int64_t steps) const {
  if (n_ == 0) return {};
  // A pause that is overdue shows that the rule is broken.
  if (period_ > 0 && n <= pauses_[n_ - 1].first + period_ + std::max<int64_t>(1, period_ / 8))
    return periodic(n, total, stood_s);
  const double known = static_cast<double>(n_), length = mean();
  const double times = known * static_cast<double>(total - n) / static_cast<double>(steps + 1);
  return {times * length, (spread() + length * length) * times * (1 + times / known)};
}

}  // namespace stoker::training_log
