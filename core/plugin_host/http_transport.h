// The agent's way to the network: endpoints, proxy, TLS, and connections that are used again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/plugin_host/connection_pool.h"
#include "core/plugin_host/http_exchange.h"
#include "core/plugin_host/http_request.h"
#include "core/plugin_host/http_url.h"
#include "core/plugin_host/tls_context.h"

namespace stoker::plugin_host {

struct HttpOptions {
  // host -> base URL that gets its traffic ("http://127.0.0.1:4001"); the Host header stays the original host, the path
  // is appended. One without TLS has to be on this machine.
  std::map<std::string, std::string> endpoints;
  std::string proxy;  // "http://host:port" or empty; the *_proxy variables of the environment are ignored
  std::string user_agent;
  std::function<double()> jitter;  // from 0 to 1, any thread; empty: at random
};

// Where a request goes in truth.
struct HttpRoute {
  HttpUrl to;
  bool redirected = false;  // by http.endpoints, or meant for this machine in the first place
  bool metadata = false;    // the cloud's own server on the machine this agent runs on: private, and no proxy knows it
};

// One an agent, any thread. Nothing is opened or loaded before the first request.
class HttpTransport {
 public:
  // Throws Error{invalid} with field = "http.endpoints" or "http.proxy".
  HttpTransport(HttpOptions options, Clock& clock);

  // Throws Error{invalid} for a URL without TLS that no endpoint redirects. `announced`: the plugin's descriptor names
  // this very host; then it may be the metadata server, which clouds serve without, or an emulator on this machine.
  [[nodiscard]] HttpRoute route(const HttpUrl& url, bool announced) const;
  // One try. `reuse`: a connection that was idle will do. Throws TransportError, and Error as write_head() does.
  [[nodiscard]] HttpAnswer exchange(const HttpRoute& route, const HttpRequest& request, const SecretSource* secrets,
                                    bool reuse, const Wait& wait, Departure& departure);

  [[nodiscard]] Clock& clock() const { return clock_; }
  [[nodiscard]] const std::function<double()>& jitter() const { return options_.jitter; }

 private:
  [[nodiscard]] std::unique_ptr<HttpConnection> open(const HttpRoute& route, const SocketWait& wait);
  [[nodiscard]] bool takes_proxy(const HttpRoute& route) const { return proxy_ && !route.metadata; }
  [[nodiscard]] std::unique_ptr<HttpConnection> connect(const HttpUrl& to, bool anywhere, const SocketWait& wait);
  void ask_proxy(HttpConnection& connection, const HttpUrl& to, const SocketWait& wait);

  HttpOptions options_;
  Clock& clock_;
  std::map<std::string, HttpUrl> endpoints_;  // by host in lower case
  std::unique_ptr<HttpUrl> proxy_;
  TlsContext tls_;
  ConnectionPool pool_;
};

}  // namespace stoker::plugin_host
