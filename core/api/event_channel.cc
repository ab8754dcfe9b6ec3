#include "core/api/event_channel.h"

#include "core/api/job_json.h"
#include "core/store/jobs.h"

namespace stoker::api {

EventChannel::EventChannel(const ServerContext& context, std::string job_id)
    : context_(context), job_id_(std::move(job_id)), writer_(log_path(context, job_id_)) {
  context_.db.read([&](store::Connection& connection) {
    const auto job = store::Jobs(connection).find(job_id_);
    const int64_t last = job ? job->last_seq : 0;
    recent_.push_back(std::make_shared<EventPage>(last));
    const auto newest = store::Events(connection).after(job_id_, last - 1, 1);
    ended_ = !newest.empty() && newest.front().kind == "end";
  });
}

bool EventChannel::pull() {
  const auto rows = context_.db.read([&](store::Connection& connection) {
    return store::Events(connection).after(job_id_, recent_.back()->end, kPageRows);
  });
  size_t appended = 0, taken = 0;
  for (const store::EventRow& row : rows) {
    if (appended >= kPageBytes) break;
    ++taken;
    if (recent_.back()->bytes.size() >= kPageBytes) {
      writer_.release(*recent_.back(), INT64_MAX);
      recent_.push_back(std::make_shared<EventPage>(recent_.back()->end));
    }
    EventPage& page = *recent_.back();
    const size_t before = page.bytes.size();
    writer_.append(page, row);
    appended += page.bytes.size() - before;
    ended_ = ended_ || row.kind == "end";
  }
  drop_old();
  return taken < rows.size() || rows.size() == static_cast<size_t>(kPageRows);
}

void EventChannel::drop_old() {
  size_t kept = 0;
  for (const auto& page : recent_) kept += page->bytes.size();
  while (recent_.size() > 1 && kept > static_cast<size_t>(context_.recent_event_bytes)) {
    kept -= recent_.front()->bytes.size();
    recent_.front()->dropped = true;
    recent_.pop_front();
  }
}

std::shared_ptr<EventPage> EventChannel::page_after(int64_t after) {
  if (after >= recent_.back()->start) return recent_.back();
  if (after >= recent_.front()->start) {
    for (auto it = recent_.rbegin(); it != recent_.rend(); ++it)
      if ((*it)->start <= after) return *it;
  }
  auto it = history_.upper_bound(after);
  if (it != history_.begin()) {
    auto page = std::prev(it)->second.lock();
    if (page && after < page->end) return page;
  }
  std::erase_if(history_, [](const auto& entry) { return entry.second.expired(); });
  auto page = load(after);
  history_[after] = page;
  return page;
}

std::shared_ptr<EventPage> EventChannel::load(int64_t after) {
  const auto rows = context_.db.read(
      [&](store::Connection& connection) { return store::Events(connection).after(job_id_, after, kPageRows); });
  auto page = std::make_shared<EventPage>(after);
  FrameWriter writer(log_path(context_, job_id_));
  // Not beyond the tail, which would give the same events again.
  for (const store::EventRow& row : rows) {
    if (row.seq > recent_.back()->end || page->bytes.size() >= kPageBytes) break;
    writer.append(*page, row);
  }
  writer.release(*page, INT64_MAX);
  return page;
}

}  // namespace stoker::api
