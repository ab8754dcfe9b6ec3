// Where a request goes: a URL of http or https in the strict form that a plugin may use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoker::plugin_host {

struct HttpUrl {
  bool tls = true;
  std::string host;  // lower case; an IPv6 address without its brackets
  uint16_t port = 443;
  std::string target = "/";  // path and query as they are sent

  // "host", or "host:port" where the port is not the scheme's own; what the Host header says.
  [[nodiscard]] std::string authority() const;
  // "host:port", always.
  [[nodiscard]] std::string endpoint() const;
  [[nodiscard]] std::string origin() const;  // "https://" + authority()
  [[nodiscard]] std::string text() const { return origin() + target; }
  // Without the query, which may hold what is nobody's business: for messages and logs.
  [[nodiscard]] std::string shown() const;
  [[nodiscard]] bool same_origin(const HttpUrl& other) const {
    return tls == other.tls && host == other.host && port == other.port;
  }
};

// Throws Error{invalid} saying what is wrong, without the text itself. Refused are other schemes, user names and
// passwords, spaces, control characters and anything that is not ASCII; a fragment is dropped.
[[nodiscard]] HttpUrl parse_url(std::string_view text);

// What a Location header names, seen from `base`; nothing where that is no URL of http or https.
[[nodiscard]] std::optional<HttpUrl> resolve_url(const HttpUrl& base, std::string_view location);

// Whether the host is an address of this machine or "localhost".
[[nodiscard]] bool is_loopback(const std::string& host);

}  // namespace stoker::plugin_host
