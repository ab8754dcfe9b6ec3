#include "core/plugin_host/backoff.h"

#include <algorithm>
#include <array>

#include "core/plugin_host/http_date.h"

namespace stoker::plugin_host {
namespace {

constexpr int64_t kFirst = 500, kCap = 30 * kSecond;
constexpr std::array kAgain = {408, 429, 500, 502, 503, 504};

std::optional<int64_t> asked(const HttpAnswer& answer, int64_t wall_ms) {
  if (const std::string* value = answer.find("Retry-After"))
    if (const auto pause = parse_retry_after(*value, wall_ms)) return pause;
  const std::string* reset = answer.status == 429 ? answer.find("ratelimit-reset") : nullptr;
  return reset == nullptr ? std::nullopt : parse_rate_limit_reset(*reset, wall_ms);
}

}  // namespace

Backoff::Backoff(int64_t pace_interval_ms, const std::function<double()>& jitter)
    : jitter_(jitter), step_ms_(kFirst), refused_step_ms_(std::max(kSecond, 10 * pace_interval_ms)) {}

int64_t Backoff::after_failure() {
  const auto pause = static_cast<int64_t>(static_cast<double>(step_ms_) * jitter_());
  step_ms_ = std::min(2 * step_ms_, kCap);
  return pause;
}

std::optional<int64_t> Backoff::after(const HttpAnswer& answer, int64_t wall_ms) {
  if (std::find(kAgain.begin(), kAgain.end(), answer.status) == kAgain.end()) return std::nullopt;
  if (const auto pause = asked(answer, wall_ms)) return std::max(*pause, after_failure());
  if (answer.status != 429) return after_failure();
  // The server said to slow down: no share of a pause will do, only more than it.
  const auto pause = refused_step_ms_ + static_cast<int64_t>(static_cast<double>(refused_step_ms_) / 2 * jitter_());
  refused_step_ms_ = std::min(2 * refused_step_ms_, std::max(kCap, refused_step_ms_));
  return pause;
}

}  // namespace stoker::plugin_host
