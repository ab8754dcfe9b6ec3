#include "core/plugin_host/http_transport.h"

#include <openssl/rand.h>

#include <algorithm>

#include "core/error.h"
#include "core/plugin_host/resolver.h"
#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Kind = TransportError::Kind;

double random_share() {
  uint32_t bits = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof bits);
  return bits / 4294967296.0;
}

constexpr char kMetadataAddress[] = "169.254.169.254";

HttpUrl setting(const char* field, const std::string& text) {
  try {
    return parse_url(text);
  } catch (const Error& error) {
    throw Error(Fault::invalid, std::string(field) + ": " + error.what(), "write it like http://127.0.0.1:4001", field);
  }
}

HttpUrl endpoint(const std::string& host, const std::string& text) {
  HttpUrl base = setting("http.endpoints", text);
  if (!base.tls && !is_loopback(base.host))
    throw Error(Fault::invalid, "http.endpoints sends the traffic of " + host + " to " + base.host + " without TLS",
                "write https://, or name an address of this machine", "http.endpoints");
  if (base.target.find('?') != std::string::npos)
    throw Error(Fault::invalid, "http.endpoints has a query in the URL for " + host, "leave it out", "http.endpoints");
  while (base.target.ends_with('/')) base.target.pop_back();
  return base;
}

}  // namespace

HttpTransport::HttpTransport(HttpOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock), pool_(clock) {
  if (!options_.jitter) options_.jitter = random_share;
  for (const auto& [host, base] : options_.endpoints)
    endpoints_.emplace(setting("http.endpoints", "https://" + host).host, endpoint(host, base));
  if (options_.proxy.empty()) return;
  proxy_ = std::make_unique<HttpUrl>(setting("http.proxy", options_.proxy));
  if (proxy_->tls || proxy_->target != "/")
    throw Error(Fault::invalid, "http.proxy is not of the form http://host:port", "write it like http://proxy.lan:3128",
                "http.proxy");
}

HttpRoute HttpTransport::route(const HttpUrl& url, bool announced) const {
  const auto at = endpoints_.find(url.host);
  if (at != endpoints_.end()) {
    HttpRoute route{at->second, true, false};
    route.to.target += url.target;
    return route;
  }
  if (url.tls) return {url, false, false};
  if (announced && url.host == kMetadataAddress && url.port == 80) return {url, false, true};
  if (announced && is_loopback(url.host)) return {url, true, false};
  throw Error(Fault::invalid, url.origin() + " is without TLS", "begin the address with https://");
}

HttpAnswer HttpTransport::exchange(const HttpRoute& route, const HttpRequest& request, const SecretSource* secrets,
                                   bool reuse, const Wait& wait, Departure& departure) {
  const SocketWait bounds(clock_, wait);
  const std::string origin = route.to.origin();
  std::unique_ptr<HttpConnection> connection = reuse ? pool_.take(origin) : nullptr;
  departure.reused = connection != nullptr;
  if (!connection) connection = open(route, bounds);
  HttpExchange exchange(*connection, bounds);
  {
    const bool absolute = takes_proxy(route) && !route.to.tls;
    WipedText head;
    write_head(request, absolute ? route.to.text() : route.to.target, options_.user_agent, secrets, head);
    exchange.send(head.view(), request.body, departure);
  }
  HttpAnswer answer = exchange.receive(request.method, request.max_response_bytes);
  if (exchange.reusable()) pool_.put(origin, std::move(connection));
  return answer;
}

std::unique_ptr<HttpConnection> HttpTransport::open(const HttpRoute& route, const SocketWait& wait) {
  auto connection =
      connect(takes_proxy(route) ? *proxy_ : route.to, proxy_ || route.redirected || route.metadata, wait);
  if (!route.to.tls) return connection;
  if (proxy_) ask_proxy(*connection, route.to, wait);
  connection->start_tls(tls_.get(), route.to.host, wait);
  return connection;
}

std::unique_ptr<HttpConnection> HttpTransport::connect(const HttpUrl& to, bool anywhere, const SocketWait& wait) {
  std::vector<SocketAddress> addresses = resolve(to.host, to.port, wait);
  if (!anywhere) {
    // A name of the Internet that leads into a private network leads to somebody else's services.
    const std::string first = addresses.front().text();
    std::erase_if(addresses, [](const SocketAddress& address) { return !is_public(address); });
    if (addresses.empty())
      throw TransportError(Kind::forbidden, to.host + " leads to " + first + ", which is not on the Internet",
                           "if that is meant, map " + to.host + " to https://" + to.host + " in http.endpoints");
  }
  for (size_t i = 0;; ++i) {
    // Each has its share of the time, so that one that is silent does not take it from the others.
    const int64_t now = clock_.mono_ms();
    const auto share = (wait.wait().deadline_ms - now) / static_cast<int64_t>(addresses.size() - i);
    const SocketWait bounds(clock_, wait.wait().until(now + share));
    try {
      return std::make_unique<HttpConnection>(connect_tcp(addresses[i], bounds));
    } catch (const TransportError& error) {
      if (error.kind == Kind::cancelled || i + 1 == addresses.size()) throw;
    }
  }
}

void HttpTransport::ask_proxy(HttpConnection& connection, const HttpUrl& to, const SocketWait& wait) {
  const std::string doing = "asking the proxy " + proxy_->endpoint() + " for " + to.endpoint();
  const std::string text = "CONNECT " + to.endpoint() + " HTTP/1.1\r\nHost: " + to.endpoint() + "\r\n\r\n";
  HttpExchange exchange(connection, wait);
  Departure departure;  // to the proxy alone
  int status = 0;
  try {
    exchange.send(text, {}, departure);
    status = exchange.receive_head().status;
  } catch (const TransportError& error) {
    throw TransportError(error.kind, doing + ": " + error.what(), "check http.proxy");
  }
  if (status != 200)
    throw TransportError(Kind::broken, doing + ": it answered " + std::to_string(status), "check http.proxy");
}

}  // namespace stoker::plugin_host
