// When a training will be done, learnt from how long its recent steps took.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace stoker::training_log {

struct Eta {
  double s = 0, low_s = 0, high_s = 0;
};

// Times are seconds of any clock that only grows: the bar's own elapsed time, or the caller's.
class EtaEstimate {
 public:
  void add(int64_t n, double time_s);
  // Nothing before three intervals are known.
  [[nodiscard]] std::optional<Eta> at(int64_t n, int64_t total) const;
  void clear() { samples_.clear(), warm_up_ = kWarmUp; }

 private:
  struct Sample {
    int64_t n;
    double time_s;
  };
  // Compilation, caches and allocators make the first intervals slower: they are forgotten once later ones are known.
  static constexpr int kWarmUp = 2;
  static constexpr size_t kMaxSamples = 65;

  std::deque<Sample> samples_;  // at least a second apart
  int warm_up_ = kWarmUp;
};

}  // namespace stoker::training_log
