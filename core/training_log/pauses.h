// The pauses of a training in which it evaluates or saves, and those still to come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/training_log/step_time.h"

namespace stoker::training_log {

// Pauses recur every N steps as a rule; then what came in the last N comes again until the end. Those without a rule
// are expected as often as they came so far.
class Pauses {
 public:
  // It began behind step `first`, or a later one that no frame showed, and behind `last` at the latest.
  void add(int64_t first, int64_t last, double s);
  // From step n, at which the training has stood for `stood_s`, to the end; `steps`: those in which the pauses were
  // seen.
  [[nodiscard]] Expected ahead(int64_t n, int64_t total, double stood_s, int64_t steps) const;

 private:
  struct Pause {
    int64_t first, last;
    double s;
  };
  static constexpr size_t kMax = 32;

  void find_period();
  [[nodiscard]] bool recurs(int64_t period) const;
  [[nodiscard]] double length_of_kind(const Pause& pause) const;
  [[nodiscard]] Expected periodic(int64_t n, int64_t total, double stood_s) const;
  [[nodiscard]] double mean() const;
  [[nodiscard]] double spread() const;

  std::array<Pause, kMax> pauses_{};
  size_t n_ = 0;
  int64_t period_ = 0;  // 0: none
};

}  // namespace stoker::training_log
