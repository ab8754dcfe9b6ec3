#include "core/plugin_host/http_client.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/plugin_host/backoff.h"
#include "core/plugin_host/host_glob.h"
#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Kind = TransportError::Kind;

constexpr int kRedirects = 5;
constexpr int kTriesAlways = 5, kTriesIfSafe = 3;

int most_tries(const HttpRequest& request) {
  if (request.retry == STOKER_RETRY_ALWAYS) return kTriesAlways;
  return request.retry == STOKER_RETRY_IF_SAFE ? kTriesIfSafe : 1;
}

std::string way_out(const TransportError& error, Fault fault) {
  if (fault == Fault::unknown_outcome) return "look at what the account has before it is asked for again";
  if (!error.hint.empty()) return error.hint;
  if (error.kind == Kind::too_large) return "the plugin has to ask for less at once, or to allow more";
  if (error.kind == Kind::cancelled) return {};
  return "try again later; if it goes on, check the network of this machine and http.proxy";
}

}  // namespace

// A try: its answer, or why there is none.
struct HttpClient::Attempt {
  std::optional<HttpAnswer> answer;
  std::optional<TransportError> error;
  Departure departure;
};

// One request with its tries.
class HttpClient::Sending {
 public:
  Sending(HttpClient& client, const HttpRequest& request, const HttpCaller& caller, const Wait& wait)
      : client_(client), clock_(client.transport_.clock()), request_(request), caller_(caller), wait_(wait) {}

  HttpAnswer run() {
    const HttpRoute route = client_.transport_.route(request_.url, client_.names(request_.url.host));
    Backoff backoff(client_.pace_.interval_ms, client_.transport_.jitter());
    if (!take_turn())
      throw explain({Kind::deadline, "the pace of the account gives it no turn in the time allowed",
                     "try again later, when less is asked for"});
    const bool idempotent = request_.retry == STOKER_RETRY_ALWAYS;
    bool reuse = idempotent;
    std::optional<HttpAnswer> refusal;  // to an earlier try
    for (int tries = 1;; ++tries) {
      Attempt done = attempt(route, reuse);
      const auto pause = tries < most_tries(request_) ? pause_after(done, backoff) : std::nullopt;
      if (!pause || !rest(*pause)) {
        if (!done.error) return std::move(*done.answer);
        // It says more than that there was no time left for another.
        if (refusal && done.error->kind == Kind::deadline) return std::move(*refusal);
        throw explain(*done.error);
      }
      if (done.answer) refusal = std::move(done.answer);
      reuse = idempotent && !(done.error && done.departure.reused);
    }
  }

 private:
  Attempt attempt(const HttpRoute& route, bool reuse) {
    const int64_t began = clock_.mono_ms();
    Attempt done;
    try {
      done.answer = client_.transport_.exchange(route, request_, caller_.secrets, reuse, wait_, done.departure);
    } catch (const TransportError& error) {
      done.error = error;
    } catch (const std::exception& error) {
      if (!done.departure.any) throw;
      done.error = TransportError(Kind::broken, error.what());
    }
    departed_ = departed_ || done.departure.any;
    if (caller_.log)
      caller_.log(request_.shown() + " -> " + (done.answer ? std::to_string(done.answer->status) : done.error->what()) +
                  " in " + std::to_string(clock_.mono_ms() - began) + " ms");
    return done;
  }

  // Before the next try; nothing where there must be none.
  std::optional<int64_t> pause_after(const Attempt& done, Backoff& backoff) const {
    const bool idempotent = request_.retry == STOKER_RETRY_ALWAYS;
    if (done.answer) return idempotent ? backoff.after(*done.answer, clock_.wall_ms()) : std::nullopt;
    if (done.error->kind != Kind::broken || (!idempotent && done.departure.acted)) return std::nullopt;
    // The other side had closed it while it was idle, which says nothing about how it is doing.
    if (done.departure.reused) return 0;
    return backoff.after_failure();
  }

  // False at once where the deadline leaves no time for another try.
  bool rest(int64_t pause_ms) {
    int64_t now = clock_.mono_ms();
    if (pause_ms >= wait_.deadline_ms - now) return false;
    for (const int64_t end = now + pause_ms; now < end; now = clock_.mono_ms()) {
      clock_.sleep(end - now, wait_);
      if (wait_.cancel.stop_requested()) throw explain({Kind::cancelled, "cancelled before the next try"});
    }
    return take_turn();
  }

  bool take_turn() {
    try {
      return client_.pacer_.take(wait_);
    } catch (const Error& error) {
      throw explain({error.fault == Fault::cancelled ? Kind::cancelled : Kind::deadline, error.what()});
    }
  }

  Error explain(const TransportError& error) const {
    const bool doubtful = departed_ && request_.retry != STOKER_RETRY_ALWAYS;
    Fault fault = Fault::unavailable;
    if (error.kind == Kind::untrusted)
      fault = Fault::invalid;
    else if (error.kind == Kind::forbidden)
      fault = Fault::forbidden;
    else if (doubtful)
      fault = Fault::unknown_outcome;
    else if (error.kind == Kind::cancelled)
      fault = Fault::cancelled;
    else if (error.kind == Kind::deadline)
      fault = Fault::deadline;
    std::string text = request_.shown() + ": " + error.what();
    if (fault == Fault::unknown_outcome) text += "; whether the request was carried out is not known";
    return {fault, text, way_out(error, fault)};
  }

  HttpClient& client_;
  Clock& clock_;
  const HttpRequest& request_;
  const HttpCaller& caller_;
  const Wait& wait_;
  bool departed_ = false;  // bytes of any try
};

HttpClient::HttpClient(HttpTransport& transport, std::vector<std::string> allowed_hosts, HttpPace pace)
    : transport_(transport), allowed_hosts_(std::move(allowed_hosts)), pace_(pace), pacer_(pace, transport.clock()) {}

HttpReply HttpClient::send(HttpRequest request, const HttpCaller& caller) {
  const int64_t time = std::min(request.timeout_ms, 24 * kHour);
  const Wait wait = caller.wait.until(transport_.clock().mono_ms() + time);
  for (int redirects = 0;; ++redirects) {
    check_host(request.url, caller.plugin);
    HttpAnswer answer = Sending(*this, request, caller, wait).run();
    const auto next = redirects < kRedirects ? redirection(request, answer) : std::nullopt;
    if (!next) return {std::move(answer), std::move(request.url)};
    request.url = *next;
  }
}

void HttpClient::check_host(const HttpUrl& url, const std::string& plugin) const {
  const auto allows = [&](const std::string& glob) { return matches_host(glob, url.host); };
  if (std::any_of(allowed_hosts_.begin(), allowed_hosts_.end(), allows)) return;
  std::string all;
  for (const std::string& glob : allowed_hosts_) all += (all.empty() ? "" : ", ") + glob;
  throw Error(Fault::forbidden,
              plugin + " may not talk to " + url.host + ": its descriptor announces " + (all.empty() ? "no host" : all),
              "correct the address in its set-up; if it has none, tell the plugin's author");
}

// Itself, and by no pattern.
bool HttpClient::names(const std::string& host) const {
  return std::find(allowed_hosts_.begin(), allowed_hosts_.end(), host) != allowed_hosts_.end();
}

std::optional<HttpUrl> HttpClient::redirection(const HttpRequest& request, const HttpAnswer& answer) const {
  constexpr std::array kMoved = {301, 302, 303, 307, 308};
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  if (std::find(kMoved.begin(), kMoved.end(), answer.status) == kMoved.end()) return std::nullopt;
  const std::string* location = answer.find("Location");
  if (location == nullptr) return std::nullopt;
  auto next = resolve_url(request.url, *location);
  if (!next || next->same_origin(request.url)) return next;
  if (!next->tls || request.confidential()) return std::nullopt;
  const auto allows = [&](const std::string& glob) { return matches_host(glob, next->host); };
  if (std::none_of(allowed_hosts_.begin(), allowed_hosts_.end(), allows)) return std::nullopt;
  return next;
}

}  // namespace stoker::plugin_host
