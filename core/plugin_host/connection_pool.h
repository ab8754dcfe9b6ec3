// Connections that wait for their next exchange.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/plugin_host/http_connection.h"

namespace stoker::plugin_host {

constexpr size_t kIdlePerOrigin = 4;
constexpr int64_t kIdleTime = 30 * kSecond;

// Any thread. What has waited too long is let go at the next take() or put().
class ConnectionPool {
 public:
  explicit ConnectionPool(Clock& clock) : clock_(clock) {}

  // The one used last to that origin that is still good, or nothing.
  [[nodiscard]] std::unique_ptr<HttpConnection> take(const std::string& origin);
  void put(const std::string& origin, std::unique_ptr<HttpConnection> connection);

 private:
  struct Idle {
    std::unique_ptr<HttpConnection> connection;
    int64_t since_ms;
  };
  using Idles = std::vector<Idle>;

  void expire(int64_t now, Idles& gone);

  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Idles> idle_;  // by origin, the oldest first
};

}  // namespace stoker::plugin_host
