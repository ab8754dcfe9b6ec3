#include "core/training_log/steps.h"

namespace stoker::training_log {
namespace {

constexpr int kSure = 3;  // how often the bar must have agreed

}  // namespace

void Steps::begin_run(int64_t resumed_step) {
  *this = {};
  base_ = resumed_step > 0 ? resumed_step : 0;
}

void Steps::saw_bar(int64_t n, int64_t total) {
  if (total != total_ || (n == 0 && n_ > 0)) *this = {};
  // A training that resumes begins with one long jump of its bar.
  if (records_ == 0 && n_ == 0 && n > 100 && n > total / 50) base_ = n;
  n_ = n;
  total_ = total;
}

// The step count between records that fits best.
int64_t Steps::estimate() const {
  const int64_t n = n_ - base_, k = records_;
  if (n <= 0 || k <= 0) return 0;
  const int64_t exact = n % k == 0 ? n / k : 0;
  // A buffer is rarely written out at the very step of its last record: many records tell by their round number.
  if (exact > 0 && (k < 4 || exact < 5 || exact % 5 == 0)) return exact;
  const int64_t low = n / (k + 1) + 1, high = n / k;
  for (const int64_t round : {1000, 500, 250, 200, 100, 50, 25, 20, 10, 5, 2}) {
    if (const int64_t fits = high / round * round; fits >= low && fits > 0) return fits;
  }
  return high >= low ? high : 0;
}

void Steps::settle() {
  const int64_t n = n_ - base_;
  if (total_ <= 0 || records_ == 0 || n <= 0) return;
  if (records_ == 2 && every_ == 1 && n > 2) {
    every_ = n;
    first_apart_ = true;
  }
  const int64_t last = (first_apart_ ? records_ - 1 : records_) * every_;
  if (every_ > 0 && last <= n && n < last + every_) ++confirmed_;
  // Records may also be written out before the bar is drawn that belongs to them.
  const bool late = confirmed_ >= kSure && last <= total_ - base_;
  if (every_ == 0 || (last > n && !late)) {
    first_apart_ = false;
    confirmed_ = 0;
    every_ = estimate();
  }
}

std::optional<int64_t> Steps::step(int64_t back) const {
  const int64_t k = records_ - back;
  if (every_ <= 0 || k <= 0) return std::nullopt;
  int64_t step = base_ + k * every_;
  if (first_apart_) step = k == 1 ? base_ + 1 : base_ + (k - 1) * every_;
  if (step > total_) return std::nullopt;
  return step;
}

}  // namespace stoker::training_log
