// The events of one job while somebody reads them live: the newest pages in memory, older ones from the store on
// demand.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "core/api/context.h"
#include "core/api/event_page.h"

namespace stoker::api {

constexpr int kPageRows = 256;
constexpr size_t kPageBytes = 64 * 1024;

// One thread.
class EventChannel {
 public:
  // Begins at the job's newest event.
  EventChannel(const ServerContext& context, std::string job_id);

  // Takes new events from the store, about a page of them. True: there may be more.
  bool pull();
  // Lets held-back progress out; call about every second while holds().
  void release() { writer_.release(*recent_.back(), context_.clock.wall_ms()); }
  [[nodiscard]] bool holds() const { return writer_.holds(); }

  // The page to read on from, for a client that has the events up to `after`.
  [[nodiscard]] std::shared_ptr<EventPage> page_after(int64_t after);
  // The last page; it grows.
  [[nodiscard]] const std::shared_ptr<EventPage>& tail() const { return recent_.back(); }
  // The `end` event is in the tail or before it: nothing will follow.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  std::shared_ptr<EventPage> load(int64_t after);
  void drop_old();

  const ServerContext& context_;
  std::string job_id_;
  FrameWriter writer_;
  std::deque<std::shared_ptr<EventPage>> recent_;  // each begins where the one before ends; never empty
  std::map<int64_t, std::weak_ptr<EventPage>> history_;
  bool ended_ = false;
};

}  // namespace stoker::api
