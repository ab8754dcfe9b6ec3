// How long a step of a training takes, and how sure that is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stoker::training_log {

// What a number of seconds is expected to be.
struct Expected {
  double s = 0, variance = 0, weight = 1;  // weight: how likely this expectation is, among several
};

// Steps are counted in at most 64 blocks of about equal length. Their mean times are seen as a level that wanders, with
// noise on top. How fast it wanders is not known: several speeds are followed, each weighed by how well it foretold the
// blocks so far. So a run is judged by how wrong forecasts of it have been.
class StepTime {
 public:
  static constexpr size_t kSpeeds = 6;
  using Forecasts = std::array<Expected, kSpeeds>;

  void add(int64_t steps, double s);
  // 0: not known yet.
  [[nodiscard]] double step_s() const { return step_s_; }
  [[nodiscard]] size_t blocks() const { return n_blocks_; }
  [[nodiscard]] int64_t steps() const { return steps_; }
  // Of so many steps to come, by each speed of wandering; blocks() > 0.
  [[nodiscard]] Forecasts ahead(int64_t steps) const;
  // How many observations the variance rests on.
  [[nodiscard]] double certainty() const;

 private:
  struct Block {
    int64_t steps = 0;
    double s = 0;
  };
  struct Level {
    double step_s = 0;
    double variance = 0;  // of step_s, in units of `noise`
    double drift = 0;     // variance that a step adds to the level, in units of `noise`
    double noise = 0;     // variance of one step's time
    double weight = 0;
  };
  static constexpr size_t kMaxBlocks = 64;
  // Variance that a block adds to the level, as a part of a block's noise: from steady to a level of no memory.
  static constexpr std::array<double, kSpeeds> kDrifts = {0, 1e-4, 1e-3, 1e-2, 1e-1, 1};

  void halve();
  void learn();
  [[nodiscard]] size_t first() const;
  // Follows the level from block to block; the result is the logarithm of how likely this drift is.
  double follow(Level& level, double prior) const;

  std::array<Block, kMaxBlocks> blocks_{};
  size_t n_blocks_ = 0;
  Block open_;
  int64_t block_steps_ = 1, steps_ = 0;
  std::array<Level, kSpeeds> levels_{};
  double step_s_ = 0;
};

}  // namespace stoker::training_log
