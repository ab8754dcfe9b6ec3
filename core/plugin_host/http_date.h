// Times and pauses as HTTP headers write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stoker::plugin_host {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, IMF-fixdate) as ms since 1970. The two forms that were obsolete before any
// of the clouds existed are not read.
[[nodiscard]] std::optional<int64_t> parse_http_date(std::string_view text);

// A whole number without sign of at most 15 digits.
[[nodiscard]] std::optional<int64_t> parse_digits(std::string_view text);

// How long Retry-After asks to wait from `wall_ms` on, in ms and never negative: seconds, or a date.
[[nodiscard]] std::optional<int64_t> parse_retry_after(std::string_view value, int64_t wall_ms);

// The same for ratelimit-reset: the second since 1970 at which the next request is allowed, or, where the number is too
// small for that, the seconds until then.
[[nodiscard]] std::optional<int64_t> parse_rate_limit_reset(std::string_view value, int64_t wall_ms);

}  // namespace stoker::plugin_host
