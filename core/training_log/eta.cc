#include "core/training_log/eta.h"

#include <algorithm>
#include <cmath>

namespace stoker::training_log {

void EtaEstimate::add(int64_t n, double time_s) {
  if (!samples_.empty()) {
    const Sample& last = samples_.back();
    if (n < last.n || time_s < last.time_s) clear();  // another run
  }
  if (!samples_.empty() && (n == samples_.back().n || time_s < samples_.back().time_s + 1)) return;
  samples_.push_back({n, time_s});
  if (warm_up_ > 0 && samples_.size() >= 6) {
    samples_.pop_front();
    --warm_up_;
  }
  if (samples_.size() > kMaxSamples) samples_.pop_front();
}

std::optional<Eta> EtaEstimate::at(int64_t n, int64_t total) const {
  if (samples_.size() < 4 || n > total) return std::nullopt;
  const auto steps = static_cast<double>(samples_.back().n - samples_.front().n);
  const double mean = (samples_.back().time_s - samples_.front().time_s) / steps;
  double spread = 0;  // of the time per step, weighted by steps
  for (size_t i = 1; i < samples_.size(); ++i) {
    const auto dn = static_cast<double>(samples_[i].n - samples_[i - 1].n);
    const double off = (samples_[i].time_s - samples_[i - 1].time_s) / dn - mean;
    spread += dn * off * off;
  }
  const auto intervals = static_cast<double>(samples_.size() - 1);
  // Two standard errors of the mean, and never less than 3 %: clocks in logs count whole seconds.
  const double relative = std::clamp(2 * std::sqrt(spread / steps / intervals) / mean, 0.03, 0.9);
  const double left = static_cast<double>(total - n) * mean;
  return Eta{left, left * (1 - relative), left * (1 + relative)};
}

}  // namespace stoker::training_log
