// A request of a plugin, copied and checked, and its head as it goes over the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/plugin_host/http_head.h"
#include "core/plugin_host/http_url.h"
#include "core/plugin_host/secret_source.h"
#include "core/plugin_host/wiped_text.h"
#include "sdk/include/stoker/http.h"

namespace stoker::plugin_host {

constexpr int64_t kHttpTimeout = 30 * kSecond;
constexpr uint64_t kHttpBody = 8 << 20, kHttpBodyMost = 64 << 20;  // bytes of an answer, decoded

struct HttpSecret {
  std::string name, prefix, key;
};

struct HttpRequest {
  std::string method;
  HttpUrl url;
  std::vector<HttpField> headers;
  std::vector<HttpSecret> secrets;
  std::string_view body;  // the caller's
  int32_t retry = STOKER_RETRY_NEVER;
  int64_t timeout_ms = kHttpTimeout;
  uint64_t max_response_bytes = kHttpBody;

  // "GET https://api.acme.example/v1/offers": for messages and logs.
  [[nodiscard]] std::string shown() const { return method + " " + url.shown(); }
  // Whether it shows who asks, so that no other host may see it.
  [[nodiscard]] bool confidential() const;
};

// Throws Error{invalid} for a URL the user can correct, Breach for what the plugin alone can.
[[nodiscard]] HttpRequest copy_request(const stoker_http_request* foreign);

// Adds request line and headers for `target`; the secrets are fetched here. Throws Error{invalid} with field = key
// where a secret is missing or can not be sent.
void write_head(const HttpRequest& request, std::string_view target, const std::string& user_agent,
                const SecretSource* secrets, WipedText& head);

}  // namespace stoker::plugin_host
