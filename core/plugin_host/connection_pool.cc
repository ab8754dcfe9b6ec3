#include "core/plugin_host/connection_pool.h"

#include <utility>

namespace stoker::plugin_host {

std::unique_ptr<HttpConnection> ConnectionPool::take(const std::string& origin) {
  const int64_t now = clock_.mono_ms();
  Idles gone;  // closed without the lock
  const std::lock_guard lock(mutex_);
  expire(now, gone);
  const auto at = idle_.find(origin);
  if (at == idle_.end()) return nullptr;
  std::unique_ptr<HttpConnection> found;
  while (!found && !at->second.empty()) {
    Idle last = std::move(at->second.back());
    at->second.pop_back();
    if (last.connection->quiet())
      found = std::move(last.connection);
    else
      gone.push_back(std::move(last));
  }
  if (at->second.empty()) idle_.erase(at);
  return found;
}

void ConnectionPool::put(const std::string& origin, std::unique_ptr<HttpConnection> connection) {
  const int64_t now = clock_.mono_ms();
  Idles gone;
  const std::lock_guard lock(mutex_);
  expire(now, gone);
  Idles& same = idle_[origin];
  same.push_back({std::move(connection), now});
  if (same.size() <= kIdlePerOrigin) return;
  gone.push_back(std::move(same.front()));
  same.erase(same.begin());
}

void ConnectionPool::expire(int64_t now, Idles& gone) {
  for (auto at = idle_.begin(); at != idle_.end();) {
    Idles& all = at->second;
    size_t old = 0;
    while (old < all.size() && now - all[old].since_ms >= kIdleTime) gone.push_back(std::move(all[old++]));
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(old));
    at = all.empty() ? idle_.erase(at) : std::next(at);
  }
}

}  // namespace stoker::plugin_host
