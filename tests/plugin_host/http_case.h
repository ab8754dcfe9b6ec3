// A plugin's call of the HTTP service with all that stands behind it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/plugin_host/account_link.h"
#include "core/plugin_host/call.h"
#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/http_client.h"
#include "core/plugin_host/http_service.h"
#include "tests/plugin_host/loopback_server.h"
#include "tests/plugin_host/recording_log.h"
#include "tests/plugin_host/skipping_clock.h"

namespace stoker::plugin_host {

constexpr char kToken[] = "tok_5ecret-0f-acme";

struct SecretMap final : SecretSource {
  std::map<std::string, std::string> all{{"token", kToken}};
  void use(const std::string& key, const std::function<void(std::string_view)>& use) const override {
    const auto at = all.find(key);
    if (at == all.end()) throw Error(Fault::invalid, "acme/main has no secret " + key, "set up acme again", key);
    use(at->second);
  }
};

// What a plugin would send.
struct Ask {
  std::string method = "GET", url = "https://api.acme.example/v1/offers";
  int32_t retry = STOKER_RETRY_ALWAYS;
  std::vector<HttpField> headers{};
  std::vector<HttpSecret> secrets{};
  std::string body{};
  int64_t timeout_ms = 0;
  uint64_t max_response_bytes = 0;
};

// What a plugin gets.
struct Got {
  stoker_status result = -1;
  std::string message, hint, key;  // of fail()
  int status = 0, sinks = 0;
  std::string body, final_url;
  std::vector<HttpField> headers;

  [[nodiscard]] std::string header(const std::string& name) const {
    for (const HttpField& field : headers)
      if (same_name(field.name, name)) return field.value;
    return {};
  }
  // "UNAVAILABLE | message | hint"
  [[nodiscard]] std::string words() const {
    return std::string(to_string(static_cast<Fault>(result))) + " | " + message + " | " + hint;
  }
};

template <class ClockType>
class HttpCase : public testing::Test {
 protected:
  // The plugin's URLs of api.acme.example go to `server`.
  void serve(LoopbackServer::Script script, SSL_CTX* tls = nullptr) {
    server.emplace(std::move(script), tls);
    options.endpoints["api.acme.example"] = server->url();
  }

  HttpClient& client() {
    if (!link.http) {
      transport.emplace(options, clock);
      link.http = std::make_shared<HttpClient>(*transport, allowed, pace);
    }
    return *link.http;
  }

  Got send(const Ask& ask, const Wait& wait = {}) {
    client();
    stoker_call call{host, "find", wait, std::nullopt, &link};
    return send(ask, call);
  }
  static Got send(const Ask& ask, stoker_call& call);

  [[nodiscard]] std::string logged() const {
    std::string all;
    for (const std::string& line : log.lines()) all += line + "\n";
    return all;
  }

  ClockType clock;
  RecordingLog log;
  HostServices host{"acme", "/plugins/acme.so", clock, log, {}, {}};
  std::shared_ptr<SecretMap> secrets = std::make_shared<SecretMap>();
  std::optional<LoopbackServer> server;
  HttpOptions options{{}, {}, "stoker/0.1.0", [] { return 0.5; }};
  std::vector<std::string> allowed{"api.acme.example", "*.eu.acme.example"};
  HttpPace pace;
  std::optional<HttpTransport> transport;
  AccountLink link{"acme/main", secrets, nullptr, nullptr};
};

template <class ClockType>
Got HttpCase<ClockType>::send(const Ask& ask, stoker_call& call) {
  std::vector<stoker_header> headers;
  for (const HttpField& field : ask.headers) headers.push_back({lend(field.name), lend(field.value)});
  std::vector<stoker_secret_header> named;
  for (const HttpSecret& one : ask.secrets) named.push_back({lend(one.name), lend(one.prefix), lend(one.key)});
  stoker_http_request request{};
  request.struct_size = sizeof request;
  request.retry = ask.retry;
  request.method = lend(ask.method);
  request.url = lend(ask.url);
  request.headers = headers.data();
  request.n_headers = headers.size();
  request.secrets = named.data();
  request.n_secrets = named.size();
  request.body = {ask.body.data(), ask.body.size()};
  request.timeout_ms = ask.timeout_ms;
  request.max_response_bytes = ask.max_response_bytes;
  Got got;
  const auto sink = [](void* user, const stoker_http_response* response) {
    auto& into = *static_cast<Got*>(user);
    ++into.sinks;
    into.status = response->status;
    into.body.assign(static_cast<const char*>(response->body.data), response->body.size);
    into.final_url.assign(response->final_url.data, response->final_url.size);
    for (size_t i = 0; i < response->n_headers; ++i) {
      const auto text = [](stoker_str s) { return std::string(s.data, s.size); };
      into.headers.push_back({text(response->headers[i].name), text(response->headers[i].value)});
    }
  };
  got.result = http_service()->send(&call, &request, sink, &got);
  if (call.failure) {
    got.message = call.failure->message;
    got.hint = call.failure->hint;
    got.key = call.failure->config_key;
  }
  return got;
}

}  // namespace stoker::plugin_host
