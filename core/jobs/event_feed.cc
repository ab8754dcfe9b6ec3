#include "core/jobs/event_feed.h"

namespace stoker::jobs {

void EventFeed::subscribe(Listener listener) {
  std::lock_guard lock(mutex_);
  listeners_.push_back(std::move(listener));
}

void EventFeed::publish(const std::string& job_id) const {
  std::vector<Listener> listeners;
  {
    std::lock_guard lock(mutex_);
    listeners = listeners_;
  }
  for (const Listener& listener : listeners) listener(job_id);
}

}  // namespace stoker::jobs
