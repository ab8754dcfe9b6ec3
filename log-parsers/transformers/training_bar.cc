#include "training_bar.h"

namespace stoker::transformers {

void TrainingBar::adopt(const Bar& bar) noexcept {
  total_ = bar.total;
  n_ = -1;
  records_ = 0;
  other_total_ = 0;
  ended_ = broken_ = false;
  began_amid_ = bar.n > 0;
}

TrainingBar::Seen TrainingBar::feed_other(const Bar& bar) noexcept {
  Seen seen;
  if (total_ == 0) adopt(bar);
  if (bar.total != total_) {
    const bool unproven = !told_ && records_ == 0 && !ended_ && n_ >= total_;  // user code, before the training
    const bool restarted = !told_ && broken_ && bar.n == 0;
    // Of a log that begins in the middle, with an evaluation: that one's bar starts anew each time, at 0 or 2.
    const bool amid = !told_ && records_ == 0 && !ended_ && began_amid_ && bar.total > total_ && bar.n > 2;
    if (unproven || restarted || amid) {
      seen.new_run = restarted;
      adopt(bar);
    } else {
      if (ended_ && bar.n == 0) other_total_ = bar.total;
      return seen;
    }
  } else if (bar.n == 0 && n_ > 0 && (ended_ || broken_ || n_ >= total_)) {
    seen.new_run = true;
    adopt(bar);
  }
  return advance(bar, seen.new_run);
}

void TrainingBar::start(std::int64_t total) noexcept {
  Bar bar;
  bar.total = total > 0 ? total : 0;
  adopt(bar);
  told_ = total > 0;
}

bool TrainingBar::saw_record() noexcept {
  const bool anew = ended_ && other_total_ > 0;
  if (anew) {
    Bar bar;
    bar.total = other_total_;
    adopt(bar);
    told_ = false;
  }
  ++records_;
  return anew;
}

}  // namespace stoker::transformers
