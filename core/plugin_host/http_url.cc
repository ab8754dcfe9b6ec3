#include "core/plugin_host/http_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/error.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxHost = 253;  // RFC 1035: 255 bytes on the wire

Error bad_url(const std::string& what) {
  return {Fault::invalid, "a URL " + what, "correct the address in its set-up"};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with_nocase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

bool is_label_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

std::string parse_name(std::string_view text) {
  if (text.empty()) throw bad_url("names no host");
  if (text.size() > kMaxHost) throw bad_url("names a host of more than " + std::to_string(kMaxHost) + " characters");
  std::string host(text);
  std::transform(host.begin(), host.end(), host.begin(), lower);
  char before = '.';
  for (const char c : host) {
    if (c == '.' ? before == '.' : !is_label_char(c)) throw bad_url("names a host that is not one");
    before = c;
  }
  if (before == '.') throw bad_url("names a host that is not one");
  // "127.1" and "0x7f.1" are addresses to a resolver, so a name that ends in a number has to be a whole address.
  in_addr address{};
  const std::string_view last = std::string_view(host).substr(host.rfind('.') + 1);
  if (last.front() >= '0' && last.front() <= '9' && ::inet_pton(AF_INET, host.c_str(), &address) != 1)
    throw bad_url("names a host that is not one");
  return host;
}

std::string parse_address(std::string_view text) {
  in6_addr address{};
  char canonical[INET6_ADDRSTRLEN];
  if (::inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1 ||
      ::inet_ntop(AF_INET6, &address, canonical, sizeof canonical) == nullptr)
    throw bad_url("names an IPv6 address that is not one");
  return canonical;
}

uint16_t parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535)
    throw bad_url("names a port that is not a number from 1 to 65535");
  return static_cast<uint16_t>(port);
}

void parse_authority(HttpUrl& url, std::string_view text) {
  if (text.find('@') != std::string_view::npos) throw bad_url("holds a user name or a password");
  size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) throw bad_url("names an IPv6 address that is not one");
    url.host = parse_address(text.substr(1, end - 1));
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    url.host = parse_name(text.substr(0, end));
  }
  url.port = url.tls ? 443 : 80;
  if (end == text.size()) return;
  if (text[end] != ':') throw bad_url("names an IPv6 address that is not one");
  url.port = parse_port(text.substr(end + 1));
}

// RFC 3986, 5.2.4.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = true;  // whether the path ends in a slash
  for (size_t at = 1; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    folder = part == "." || part == "..";
    if (part == ".." && !kept.empty()) kept.pop_back();
    if (!folder) kept.push_back(part);
    at = end + 1;
  }
  std::string all;
  for (const std::string_view part : kept) all.append("/").append(part);
  return folder ? all + "/" : all;
}

void check_characters(std::string_view text) {
  for (const unsigned char c : text)
    if (c <= 0x20 || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>')
      throw bad_url("holds a space, a control character or another one that has to be escaped");
}

std::string target_of(std::string_view text) {
  text = text.substr(0, text.find('#'));
  return text.starts_with('/') ? std::string(text) : "/" + std::string(text);
}

}  // namespace

std::string HttpUrl::authority() const {
  if (port == (tls ? 443 : 80)) return host.find(':') == std::string::npos ? host : "[" + host + "]";
  return endpoint();
}

std::string HttpUrl::endpoint() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::string HttpUrl::origin() const { return (tls ? "https://" : "http://") + authority(); }

std::string HttpUrl::shown() const { return origin() + target.substr(0, target.find('?')); }

HttpUrl parse_url(std::string_view text) {
  check_characters(text);
  HttpUrl url;
  if (starts_with_nocase(text, "https://")) {
    text.remove_prefix(8);
  } else if (starts_with_nocase(text, "http://")) {
    url.tls = false;
    text.remove_prefix(7);
  } else {
    throw bad_url("begins neither with https:// nor with http://");
  }
  const size_t end = std::min(text.find_first_of("/?#"), text.size());
  parse_authority(url, text.substr(0, end));
  url.target = target_of(text.substr(end));
  return url;
}

std::optional<HttpUrl> resolve_url(const HttpUrl& base, std::string_view location) {
  try {
    check_characters(location);
    if (location.starts_with("//")) return parse_url((base.tls ? "https:" : "http:") + std::string(location));
    const size_t colon = location.find(':');
    if (colon < location.find_first_of("/?#")) return parse_url(location);
    HttpUrl url = base;
    location = location.substr(0, location.find('#'));
    const std::string path = base.target.substr(0, base.target.find('?'));
    if (location.empty()) return url;
    if (location.starts_with('?')) {
      url.target = path + std::string(location);
      return url;
    }
    const size_t query = std::min(location.find('?'), location.size());
    const std::string_view named = location.substr(0, query);
    url.target = without_dots(named.starts_with('/') ? std::string(named)
                                                     : path.substr(0, path.rfind('/') + 1) + std::string(named)) +
                 std::string(location.substr(query));
    return url;
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

}  // namespace stoker::plugin_host
