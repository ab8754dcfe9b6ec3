// When a training will be done, learnt from how long its steps and its pauses took.
#pragma once

#include <cstdint>
#include <optional>

#include "core/training_log/pauses.h"
#include "core/training_log/step_time.h"

namespace stoker::training_log {

// Seconds until the training's last step is done and what follows on it: four times in five it is within [low_s,
// high_s].
struct Eta {
  double s = 0, low_s = 0, high_s = 0;
};

// Times are seconds of any clock that only grows: the bar's own elapsed time, or the caller's.
class EtaEstimate {
 public:
  // The bar shows n steps done. A bar that goes back is another run.
  void add(int64_t n, double time_s);
  // Something other than steps was seen since the last frame: an evaluation, a checkpoint.
  void saw_pause() { saw_pause_ = true; }
  // At the n added last. Nothing before two blocks of steps are known behind the first interval, each a step and four
  // seconds long at least; 0 at the end.
  [[nodiscard]] std::optional<Eta> at(int64_t n, int64_t total) const;
  void clear() { *this = {}; }

 private:
  void begin(int64_t n, double time_s);
  void advance(int64_t n, double time_s);

  int64_t n_ = -1;                   // -1: no frame yet
  double first_s_ = 0, last_s_ = 0;  // when the first and the last frame showed n_
  enum class Known { nothing, start, steps } known_ = Known::nothing;
  bool saw_pause_ = false;
  StepTime step_time_;
  Pauses pauses_;
};

}  // namespace stoker::training_log
