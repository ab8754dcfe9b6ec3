// A job's events in the words of a managed fine-tuning API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/openai/fine_tune_job.h"
#include "core/store/events.h"

namespace stoker::api::openai {

struct ClientEvent {
  int64_t seq = 0, t_ms = 0;
  const char* level = "info";  // info, warn, error
  std::string message;
  std::string data;  // of metrics: a JSON object; empty: a message
  const char* together_type = "job_pending";
  std::optional<int64_t> step;
  std::string path;  // of a checkpoint
};

// The kinds of our events that clients are told; each row of them becomes one.
[[nodiscard]] const std::vector<std::string>& client_event_kinds();
[[nodiscard]] ClientEvent client_event(const FineTuneJob& job, const store::EventRow& row);

}  // namespace stoker::api::openai
