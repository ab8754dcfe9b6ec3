// The agent's HTTP API, as the commands call it. One thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cli/entry.h"
#include "core/clock.h"
#include "core/error.h"

namespace stoker::cli {

// Error::code when no agent answers; the command line turns it into exit code 3.
constexpr const char* kNoAgent = "no_agent";

using Headers = std::vector<std::pair<std::string, std::string>>;

enum class StreamEnd { complete, stopped, lost };

class AgentClient {
 public:
  // `locate` is asked at every connection, since an agent that comes back may listen on another port. Empty: no agent.
  using Locate = std::function<std::optional<ClientView>()>;
  AgentClient(Locate locate, Clock& clock) : locate_(std::move(locate)), clock_(clock) {}

  // The body of a 2xx answer. Throws what problem+json says as Error, with its hint, field and code; unavailable with
  // code kNoAgent when nothing answers.
  [[nodiscard]] std::string get(const std::string& path) const { return call("GET", path, {}, {}); }
  std::string post(const std::string& path, std::string_view body, const Headers& headers = {}) const {
    return call("POST", path, body, headers);
  }
  std::string patch(const std::string& path, std::string_view body) const { return call("PATCH", path, body, {}); }
  std::string remove(const std::string& path) const { return call("DELETE", path, {}, {}); }
  [[nodiscard]] bool answers() const;

  // A body that may never end. `sink` gets bytes as they come; `go_on` is asked several times a second and may end it.
  // A connection that is silent for `silence_ms` counts as lost.
  struct Stream {
    std::string path;
    Headers headers;
    std::function<void(std::string_view bytes)> sink;
    std::function<bool()> go_on;
    int64_t silence_ms = 45 * kSecond;  // three of the agent's heartbeats
  };
  StreamEnd stream(const Stream& what) const;

 private:
  std::string call(const std::string& method, const std::string& path, std::string_view body,
                   const Headers& headers) const;
  [[nodiscard]] ClientView locate() const;

  Locate locate_;
  Clock& clock_;
};

// An answer that is not 2xx, as an Error.
[[nodiscard]] Error problem_error(int status, const std::string& body);

}  // namespace stoker::cli
