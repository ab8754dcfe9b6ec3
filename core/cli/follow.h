// The events of a job, each once and in order, over as many connections as it takes.
#pragma once

#include <functional>
#include <string>

#include "core/cli/agent_client.h"
#include "core/cli/event_reader.h"

namespace stoker::cli {

struct FollowOptions {
  int64_t after = 0;                    // the last event seen
  int64_t come_back_ms = 60 * kSecond;  // how long an agent may be away
  int64_t retry_ms = kSecond;
};

// Returns true after the `end` event, false when `go_on` said so. Throws Error with code kNoAgent when the agent stays
// away longer than come_back_ms, and the API's own error when it refuses.
bool follow_events(const AgentClient& agent, Clock& clock, const std::string& job_id, const FollowOptions& options,
                   const std::function<void(const ServerEvent&)>& on_event, const std::function<bool()>& go_on,
                   const std::function<void(bool lost)>& on_connection);

}  // namespace stoker::cli
