// Tells listeners that a job has new events in the store.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace stoker::jobs {

// Any thread. Listeners are called on the committing thread after the commit, must be quick and must not throw.
class EventFeed {
 public:
  using Listener = std::function<void(const std::string& job_id)>;
  void subscribe(Listener listener);  // before the first publish; never removed
  void publish(const std::string& job_id) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Listener> listeners_;
};

}  // namespace stoker::jobs
