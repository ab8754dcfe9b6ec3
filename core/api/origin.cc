#include "core/api/origin.h"

#include <algorithm>

namespace stoker::api {
namespace {

constexpr size_t kMaxOrigin = 255;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_of(std::string_view text, bool (*fits)(char)) { return std::all_of(text.begin(), text.end(), fits); }

std::string fault_of_port(std::string_view scheme, std::string_view port) {
  if (port.empty() || port.size() > 5 || port.front() == '0' || !all_of(port, is_digit) ||
      std::stoi(std::string(port)) > 65535)
    return "its port is no number from 1 to 65535";
  if ((scheme == "http" && port == "80") || (scheme == "https" && port == "443"))
    return "browsers leave the usual port out";
  return {};
}

// Without the port.
std::string fault_of_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2)
    return all_of(host.substr(1, host.size() - 2),
                  [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':'; })
               ? ""
               : "its address is no IPv6 address in lower case";
  if (host.empty()) return "it has no host";
  if (!all_of(host, [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; }))
    return "its host is not made of a-z, 0-9, '-', '_' and '.'";
  return {};
}

}  // namespace

std::string fault_of_origin(std::string_view origin) {
  if (origin == "null") return "`null` is what any sandboxed page sends";
  if (origin.find('*') != std::string_view::npos) return "there are no wildcards";
  if (origin.size() > kMaxOrigin) return "it is longer than 255 bytes";
  const size_t end = origin.find("://");
  if (end == std::string_view::npos) return "it has no scheme such as https://";
  const std::string_view scheme = origin.substr(0, end);
  if (scheme.empty() || !is_lower(scheme.front()) ||
      !all_of(scheme, [](char c) { return is_lower(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; }))
    return "its scheme is not made of a-z, 0-9, '+', '-' and '.'";
  const std::string_view authority = origin.substr(end + 3);
  if (authority.find_first_of("/?#") != std::string_view::npos) return "it has a path";
  if (authority.find('@') != std::string_view::npos) return "it names a user";
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos)
    if (std::string fault = fault_of_port(scheme, authority.substr(colon + 1)); !fault.empty()) return fault;
  return fault_of_host(authority.substr(0, colon));
}

}  // namespace stoker::api
