// Which optimizer step a record belongs to: no record of a Trainer says it.
#pragma once

#include <cstdint>
#include <optional>

namespace stoker::training_log {

// Records come every `logging_steps` steps, so the k-th is of step k * logging_steps. How many steps that is follows
// from where the bar stands when k records are known. The bar alone would be wrong: records wait in a buffer while it
// moves on.
class Steps {
 public:
  void begin_run(int64_t resumed_step);
  void saw_bar(int64_t n, int64_t total);
  void saw_record() { ++records_; }
  // Call when all records printed up to now are counted; looks at the bar.
  void settle();
  // The step of the record `back` records before the last one; nothing when it can not be told.
  [[nodiscard]] std::optional<int64_t> step(int64_t back) const;
  [[nodiscard]] bool has_bar() const { return total_ > 0; }

 private:
  [[nodiscard]] int64_t estimate() const;

  int64_t records_ = 0, n_ = -1, total_ = 0, base_ = 0;
  int64_t every_ = 0;         // logging_steps; 0: not known
  int confirmed_ = 0;         // how often the bar agreed with it
  bool first_apart_ = false;  // logging_first_step: the first record is of step 1
};

}  // namespace stoker::training_log
