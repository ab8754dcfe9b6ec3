// How long to wait before a request goes out again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/plugin_host/http_exchange.h"

namespace stoker::plugin_host {

// Of the pauses of one request: they double, up to 30 s, each by a random share, so that many who failed at once do not
// come back at once.
class Backoff {
 public:
  // `jitter` gives 0 to 1 and is used as long as this object.
  Backoff(int64_t pace_interval_ms, const std::function<double()>& jitter);

  // In ms, after a try without an answer.
  int64_t after_failure();
  // After an answer: nothing where it is not one to ask again for. At least what Retry-After, or ratelimit-reset of a
  // 429, asks for; a 429 that says nothing has a first pause of ten times the pace and of 1 s at least.
  std::optional<int64_t> after(const HttpAnswer& answer, int64_t wall_ms);

 private:
  const std::function<double()>& jitter_;
  int64_t step_ms_, refused_step_ms_;
};

}  // namespace stoker::plugin_host
