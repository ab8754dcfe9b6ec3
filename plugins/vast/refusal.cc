#include "plugins/vast/refusal.h"

#include <cstdlib>

namespace stoker::vast {
namespace {

constexpr Meaning kMeanings[] = {
    {"auth_error", STOKER_E_AUTH, "make a new key at https://cloud.vast.ai/manage-keys/", "api_key"},
    {"no_such_ask", STOKER_E_NO_CAPACITY},
    {"no_such_instance", STOKER_E_NOT_FOUND},
    {"not_found", STOKER_E_NOT_FOUND},
    {"insufficient_credit", STOKER_E_QUOTA, "add credit at https://cloud.vast.ai/billing/"},
    {"missing_billing", STOKER_E_QUOTA, "add a payment method at https://cloud.vast.ai/billing/"},
    {"spend_rate_limit", STOKER_E_QUOTA, "Vast limits what a new account may spend; try later"},
    {"deprecated_endpoint", STOKER_E_UNSUPPORTED, "Vast has moved this call; a newer Stoker may know where"},
    {"invalid_args", STOKER_E_INVALID},
    {"invalid_price", STOKER_E_INVALID},
};

// "API requests too frequent endpoint threshold=4.5": so many seconds lie between two calls.
std::int64_t threshold_ms(const std::string& message) {
  constexpr std::string_view kName = "threshold=";
  const std::size_t at = message.find(kName);
  const double seconds = at == std::string::npos ? 0 : std::strtod(message.c_str() + at + kName.size(), nullptr);
  return seconds > 0 && seconds < 3600 ? static_cast<std::int64_t>(seconds * 1000) : -1;
}

}  // namespace

std::optional<Failure> refusal(const ApiReply& reply, const std::string& doing) {
  const std::string code = reply.body["error"].text();
  std::string message;
  for (const char* key : {"msg", "message", "detail"})
    if (message.empty()) message = reply.body[key].text();
  const std::string told = doing + ": " + (message.empty() ? code : message);
  if (reply.status == 429)
    return Failure{STOKER_E_RATE_LIMITED, doing + ": too many requests"}.retry_after(threshold_ms(message));
  const bool taken = message.find("no_such_ask") != std::string::npos;  // whatever the code is
  if (const Meaning* meaning = meaning_of(kMeanings, taken ? "no_such_ask" : code))
    return Failure{meaning->status, told}.code(code).hint(meaning->hint).blame(meaning->field);
  if (reply.status == 401)
    return Failure{STOKER_E_AUTH, doing + ": the key is refused"}.hint(kMeanings[0].hint).blame("api_key");
  if (reply.status == 403)
    return Failure{STOKER_E_FORBIDDEN, told}.code(code).blame("api_key").hint(
        "give the key the permissions that `stoker accounts add vast` names");
  // A gateway's word about a page; of an instance Vast says more.
  if (reply.status == 404 || reply.status == 410)
    return Failure{STOKER_E_UNAVAILABLE, doing + " failed with HTTP " + std::to_string(reply.status)};
  return std::nullopt;
}

}  // namespace stoker::vast
