// The requests of one account: which hosts, how fast, and how often again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin_host/http_transport.h"
#include "core/plugin_host/pacer.h"

namespace stoker::plugin_host {

// On whose behalf a request goes out.
struct HttpCaller {
  std::string plugin;
  const SecretSource* secrets = nullptr;
  Wait wait;
  std::function<void(const std::string&)> log;  // a line for each try, without queries and secrets; may be empty
};

struct HttpReply {
  HttpAnswer answer;
  HttpUrl url;  // that answered
};

// One an account, any thread. The transport outlives it.
class HttpClient {
 public:
  // `allowed_hosts` are globs of host_glob.h.
  HttpClient(HttpTransport& transport, std::vector<std::string> allowed_hosts, HttpPace pace);

  // The answer, whatever its status. Throws Error: unavailable where nothing happened, unknown_outcome where the
  // request may have been carried out, cancelled and deadline only where it was not; invalid for a certificate, a URL
  // or a secret that will not do; forbidden for a host that the plugin did not announce.
  [[nodiscard]] HttpReply send(HttpRequest request, const HttpCaller& caller);

 private:
  struct Attempt;
  class Sending;

  void check_host(const HttpUrl& url, const std::string& plugin) const;
  [[nodiscard]] bool names(const std::string& host) const;
  [[nodiscard]] std::optional<HttpUrl> redirection(const HttpRequest& request, const HttpAnswer& answer) const;

  HttpTransport& transport_;
  const std::vector<std::string> allowed_hosts_;
  const HttpPace pace_;
  Pacer pacer_;
};

}  // namespace stoker::plugin_host
