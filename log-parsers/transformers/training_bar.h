// Which of the bars without a title is the one of the training.
#pragma once

#include <cstdint>

#include "bar.h"

namespace stoker::transformers {

class TrainingBar {
 public:
  enum class Role { train, eval };
  struct Seen {
    Role role = Role::eval;
    bool advanced = false;  // further than ever in this run
    bool new_run = false;   // the training began anew
  };

  Seen feed(const Bar& bar) noexcept {
    if (bar.total != total_ || bar.total == 0 || bar.n <= 0) return feed_other(bar);
    return advance(bar, false);  // the training's, amid a run
  }
  // The start block named the total: only a bar of that total is the training's. A training begins.
  void start(std::int64_t total) noexcept;
  // A training record was read; true when it shows that the bar last taken for an evaluation is a new training.
  bool saw_record() noexcept;
  void saw_summary() noexcept { ended_ = true; }
  // What broke may be followed by another training.
  void saw_fault() noexcept { broken_ = true; }

  [[nodiscard]] std::int64_t n() const noexcept { return n_; }
  [[nodiscard]] std::int64_t total() const noexcept { return total_; }

 private:
  void adopt(const Bar& bar) noexcept;
  Seen feed_other(const Bar& bar) noexcept;
  Seen advance(const Bar& bar, bool new_run) noexcept {
    const bool advanced = bar.n > n_;
    if (advanced) n_ = bar.n;
    return {Role::train, advanced, new_run};
  }

  std::int64_t total_ = 0, n_ = -1;  // total 0: not known yet
  std::int64_t other_total_ = 0;     // of a bar that began after the training had ended
  std::int64_t records_ = 0;
  bool began_amid_ = false;  // the first frame that was seen of it was not its first
  bool told_ = false, ended_ = false, broken_ = false;
};

}  // namespace stoker::transformers
