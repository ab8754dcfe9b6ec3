#include "core/api/guard.h"

#include <algorithm>

namespace stoker::api {
namespace {

using Check = std::optional<Problem>;

Check check_lengths(const Head& head, Verdict& verdict) {
  const size_t lengths = head.count("Content-Length");
  const bool encoded = head.count("Transfer-Encoding") != 0;
  if (lengths != 0 && encoded)
    return Problem{
        400, "invalid", "both Content-Length and Transfer-Encoding are given", "send Content-Length alone", {}};
  if (encoded) return Problem{411, "invalid", "a body of unannounced length is not taken", "send Content-Length", {}};
  if (lengths > 1) return Problem{400, "invalid", "Content-Length is given more than once", {}, {}};
  if (lengths == 1) {
    const auto size = parse_count(*head.find("Content-Length"));
    if (!size) return Problem{400, "invalid", "Content-Length is not a number", {}, {}};
    verdict.body_size = *size;
  }
  return std::nullopt;
}

// DNS rebinding gives another site's page our address but not our name. The authority of an absolute target must agree.
Check check_host(const Head& head, const GuardRules& rules, std::string& target, Verdict& verdict) {
  const Problem refusal{421, "misdirected", "this is not the host that was asked for", {}, {}};
  verdict.silent = true;
  if (head.count("Host") != 1) return refusal;
  const std::string_view host = *head.find("Host");
  const std::string port = ":" + std::to_string(rules.port);
  if (host != "127.0.0.1" + port && host != "localhost" + port && host != "[::1]" + port) return refusal;
  target = head.target;
  if (!target.starts_with('/') && target != "*") {
    const std::string authority = "http://" + std::string(host);
    if (!target.starts_with(authority)) return refusal;
    target.erase(0, authority.size());
    if (target.empty()) target = "/";
    if (target.front() != '/') return refusal;
  }
  verdict.silent = false;
  return std::nullopt;
}

Check check_origin(const Head& head, const GuardRules& rules, Verdict& verdict) {
  const Problem refusal{
      403, "forbidden", "this origin may not call the agent", "list it under api.origins in the configuration", {}};
  if (head.count("Origin") > 1 || head.count("Sec-Fetch-Site") > 1) return refusal;
  if (const auto origin = head.find("Origin")) {
    const bool listed = *origin != "null" && !origin->empty() &&
                        std::find(rules.origins.begin(), rules.origins.end(), *origin) != rules.origins.end();
    if (!listed) return refusal;
    verdict.origin = *origin;
    return std::nullopt;
  }
  const auto site = head.find("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") return refusal;
  return std::nullopt;
}

bool is_preflight(const Head& head, Verdict& verdict) {
  if (head.method != "OPTIONS" || verdict.origin.empty()) return false;
  verdict.fields = {
      {"Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"},
      {"Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Range"},
      {"Access-Control-Max-Age", "600"}};
  return true;
}

Check check_token(const Head& head, const GuardRules& rules, Verdict& verdict) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto header = head.count("Authorization") == 1 ? head.find("Authorization") : std::nullopt;
  const bool bearer =
      header && header->size() > kScheme.size() && same_word(header->substr(0, kScheme.size()), kScheme);
  const Token* token = bearer ? find_token(rules.tokens, header->substr(kScheme.size())) : nullptr;
  if (!token) {
    verdict.fields.emplace_back("WWW-Authenticate", "Bearer");
    return Problem{401,
                   "unauthenticated",
                   bearer ? "this token is not known" : "a bearer token is needed",
                   "the file `token` in the state folder holds one",
                   {}};
  }
  if (token->origin != verdict.origin)
    return Problem{403,
                   "forbidden",
                   token->origin.empty() ? "token " + token->name + " may not be used by a web page"
                                         : "token " + token->name + " belongs to another origin",
                   "make a token for this origin",
                   {}};
  verdict.caller = {token->name, token->scope};
  return std::nullopt;
}

Check check_route(const Head& head, RouteMatch match, Verdict& verdict) {
  if (!match.route && match.others.empty())
    return Problem{404, "not_found", "there is no such path", "GET /openapi.json lists all", {}};
  if (!match.route) {
    std::string allow;
    for (const Route* other : match.others) allow += (allow.empty() ? "" : ", ") + std::string(other->method);
    verdict.fields.emplace_back("Allow", allow);
    return Problem{405, "method_not_allowed", head.method + " is not possible here, but " + allow, {}, {}};
  }
  verdict.route = match.route;
  verdict.parameters = std::move(match.parameters);
  return std::nullopt;
}

Check check_body(const Head& head, const GuardRules& rules, const Verdict& verdict) {
  const Route& route = *verdict.route;
  if (!route.body_type) {
    if (verdict.body_size != 0) return Problem{413, "invalid", "this call takes no body", {}, {}};
    return std::nullopt;
  }
  if (head.count("Content-Length") == 0) return Problem{411, "invalid", "Content-Length is missing", {}, {}};
  const auto header = head.count("Content-Type") == 1 ? head.find("Content-Type") : std::nullopt;
  std::string_view type = header.value_or("");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  if (!same_word(type, route.body_type))
    return Problem{415,
                   "unsupported_type",
                   "the body must be " + std::string(route.body_type),
                   "send Content-Type: " + std::string(route.body_type),
                   {}};
  const int64_t cap = route.body_cap != 0 ? route.body_cap : rules.max_file_bytes;
  if (verdict.body_size > cap)
    return Problem{413, "too_large", "the body is larger than " + std::to_string(cap) + " bytes", {}, {}};
  return std::nullopt;
}

Check examine(const Head& head, const GuardRules& rules, Verdict& verdict) {
  std::string target;
  if (auto problem = check_lengths(head, verdict)) return problem;
  if (auto problem = check_host(head, rules, target, verdict)) return problem;
  if (auto problem = check_origin(head, rules, verdict)) return problem;
  if (is_preflight(head, verdict)) {
    verdict.kind = Verdict::Kind::preflight;
    return std::nullopt;
  }
  // A target that can not be read is reported only to a caller with a token.
  std::optional<Problem> unreadable;
  RouteMatch match;
  try {
    verdict.target = parse_target(target);
    match = match_route(head.method, verdict.target.path);
  } catch (const Error& error) {
    unreadable = problem_of(error);
  }
  const bool open = match.route && match.route->scope == Scope::none;
  if (!open)
    if (auto problem = check_token(head, rules, verdict)) return problem;
  if (unreadable) return unreadable;
  if (match.route && verdict.caller.scope < match.route->scope)
    return Problem{403, "forbidden", "token " + verdict.caller.name + " may not do this", "use the admin token", {}};
  if (auto problem = check_route(head, std::move(match), verdict)) return problem;
  if (auto problem = check_body(head, rules, verdict)) return problem;
  verdict.kind = Verdict::Kind::pass;
  return std::nullopt;
}

}  // namespace

Verdict guard(const Head& head, const GuardRules& rules) {
  Verdict verdict;
  if (auto problem = examine(head, rules, verdict)) verdict.problem = std::move(*problem);
  return verdict;
}

}  // namespace stoker::api
