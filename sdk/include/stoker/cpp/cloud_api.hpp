// Calls of one cloud's JSON API over HTTPS: the credential named, the answer read, and what is no success thrown as the
// Failure that the agent can act on. A cloud adds what its own error codes mean.
#pragma once

#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call.hpp"
#include "json.hpp"
#include "meaning.hpp"

namespace stoker {

// What a request does at the cloud, and so what a lost answer means.
enum class Effect {
  repeatable,  // reads, or may be repeated with the same end: the agent tries again by itself
  once         // makes something each time it arrives: a lost, unreadable or 5xx answer is STOKER_E_UNKNOWN_OUTCOME
};

struct ApiReply {
  int status = 0;
  Json body;           // absent where there was none
  std::string date{};  // the server's clock, as it wrote it
};

// What a create does before it makes anything. Whatever comes of that, nothing was made: what may be there or be quick
// enough the next time is STOKER_E_UNAVAILABLE, and no outcome is unknown.
template <class Act>
auto before_create(Act&& act) {
  try {
    return std::forward<Act>(act)();
  } catch (Failure& failure) {
    const stoker_status status = failure.status();
    if (status == STOKER_E_DEADLINE || status == STOKER_E_NOT_FOUND || status == STOKER_E_UNKNOWN_OUTCOME)
      failure.status(STOKER_E_UNAVAILABLE);
    throw;
  }
}

// Asks for what can not be, so that nothing but the permission is tried: whatever else refuses it is as it should be.
template <class Act>
void probe_permission(Act&& act) {
  try {
    std::forward<Act>(act)();
  } catch (const Failure& failure) {
    if (failure.status() != STOKER_E_INVALID && failure.status() != STOKER_E_NOT_FOUND) throw;
  }
}

class CloudApi {
 public:
  // What an error answer means, where its status alone does not tell: the Failure to throw, or nothing. `doing` is the
  // sentence's beginning: "acme: listing machines".
  using Explain = std::function<std::optional<Failure>(const ApiReply&, const std::string& doing)>;

  // Puts into a request what proves who asks.
  using Authorize = std::function<void(Call&, HttpRequest&)>;

  // `base_url` without a slash at its end.
  CloudApi(std::string cloud, std::string base_url, Authorize authorize, Explain explain)
      : cloud_(std::move(cloud)),
        base_url_(std::move(base_url)),
        authorize_(std::move(authorize)),
        explain_(std::move(explain)) {}
  // The credential goes into `Authorization: Bearer <secret_key>`.
  CloudApi(std::string cloud, std::string base_url, const std::string& secret_key, Explain explain)
      : CloudApi(
            std::move(cloud), std::move(base_url),
            [secret_key](Call&, HttpRequest& request) { request.secret("Authorization", "Bearer ", secret_key); },
            std::move(explain)) {}
  CloudApi(std::string cloud, std::string base_url, const char* secret_key, Explain explain)
      : CloudApi(std::move(cloud), std::move(base_url), std::string(secret_key), std::move(explain)) {}

  ApiReply get(Call& call, const std::string& doing, const std::string& path) const {
    return send(call, doing, call.http().get(base_url_ + path), Effect::repeatable);
  }
  ApiReply post(Call& call, const std::string& doing, const std::string& path, std::string body, Effect effect,
                std::string content_type = "application/json") const {
    auto request = call.http().post(base_url_ + path);
    request.body(std::move(body), std::move(content_type));
    return send(call, doing, std::move(request), effect);
  }
  ApiReply put(Call& call, const std::string& doing, const std::string& path, std::string json, Effect effect) const {
    auto request = call.http().put(base_url_ + path);
    request.body(std::move(json));
    return send(call, doing, std::move(request), effect);
  }
  ApiReply remove(Call& call, const std::string& doing, const std::string& path) const {
    return send(call, doing, call.http().remove(base_url_ + path), Effect::repeatable);
  }

  // The items of the list `key` of an answer. Without it the answer is no list at all, least of all an empty one, and
  // what has no "id" can not be acted on: throws STOKER_E_UNAVAILABLE.
  std::vector<Json> list(Call& call, const std::string& doing, const std::string& path, const std::string& key) const {
    const Json items = get(call, doing, path).body[key];
    if (!items.is_list()) throw Failure{STOKER_E_UNAVAILABLE, sentence(doing) + " gave no list"};
    std::vector<Json> all = items.items();
    for (const Json& item : all)
      if (item["id"].text().empty()) throw Failure{STOKER_E_UNAVAILABLE, sentence(doing) + " gave one without an id"};
    return all;
  }

  // "acme: listing machines".
  [[nodiscard]] std::string sentence(const std::string& doing) const { return cloud_ + ": " + doing; }

  // As HTTP has it; Explain knows better for its cloud. 409 and 422 are refusals of what was asked for. A redirection
  // that was not followed says nothing about the request.
  static stoker_status status_of(int status, Effect effect) noexcept {
    const bool unclear = status >= 500 || status == 408 || status < 400;
    if (unclear) return effect == Effect::once ? STOKER_E_UNKNOWN_OUTCOME : STOKER_E_UNAVAILABLE;
    if (status == 401) return STOKER_E_AUTH;
    if (status == 402) return STOKER_E_QUOTA;
    if (status == 403) return STOKER_E_FORBIDDEN;
    // What makes something lacks what it named.
    if (status == 404 || status == 410) return effect == Effect::once ? STOKER_E_INVALID : STOKER_E_NOT_FOUND;
    if (status == 429) return STOKER_E_RATE_LIMITED;
    return STOKER_E_INVALID;
  }

  static std::int64_t retry_after_ms(const HttpResponse& response) noexcept {
    const std::string_view text = response.header("Retry-After");
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && seconds > 0 && seconds < 86'400;
    return whole ? seconds * 1000 : -1;
  }

 private:
  ApiReply send(Call& call, const std::string& doing, HttpRequest request, Effect effect) const {
    authorize_(call, request);
    request.header("Accept", "application/json");
    request.retry(effect == Effect::once ? STOKER_RETRY_NEVER : STOKER_RETRY_ALWAYS);
    const HttpResponse response = request.send();
    const bool success = response.status() >= 200 && response.status() < 300;
    ApiReply reply{response.status(), {}, std::string(response.header("Date"))};
    try {
      if (!response.body().empty())
        reply.body = Json::parse(response.body(), sentence(doing), status_of(response.status(), effect));
    } catch (const Failure&) {
      if (success) throw;  // an error page says enough by its status
    }
    if (success) return reply;
    const std::string what = sentence(doing) + " failed with HTTP " + std::to_string(response.status());
    auto failure = explain_(reply, sentence(doing)).value_or(Failure{status_of(response.status(), effect), what});
    if (const auto ms = retry_after_ms(response); ms >= 0 && failure.status() == STOKER_E_RATE_LIMITED)
      failure.retry_after(ms);
    throw failure;
  }

  std::string cloud_, base_url_;
  Authorize authorize_;
  Explain explain_;
};

}  // namespace stoker
