// A client of the agent's API that knows nothing of the agent's own code.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace stoker::e2e {

struct Answer {
  int status = 0;
  std::string type, body;
};

struct Event {
  int64_t id = -1;  // -1: none
  std::string kind, data;
  bool operator==(const Event&) const = default;
};

class ApiClient {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  ApiClient(uint16_t port, std::string token) : port_(port), token_(std::move(token)) {}

  [[nodiscard]] uint16_t port() const { return port_; }

  // Throws Poco::Exception when there is no whole answer. An empty token sends none; a Host of `fields` replaces the
  // right one.
  [[nodiscard]] Answer call(const std::string& method, const std::string& path, const std::string& body = {},
                            const Fields& fields = {}) const;

  // Appends what comes of the job's events after `after` to `transcript`, until the stream ends or `max_bytes` of it
  // were read. True: it ended.
  bool stream(const std::string& job, int64_t after, size_t max_bytes, std::string& transcript) const;

 private:
  uint16_t port_;
  std::string token_;
};

// Of all whole events in a transcript; comments and what was cut off at the end are left out.
std::vector<Event> events_in(const std::string& transcript);

}  // namespace stoker::e2e
