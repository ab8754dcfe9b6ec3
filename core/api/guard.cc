#include "core/api/guard.h"

#include <algorithm>

namespace stoker::api {
namespace {

// What clients of OpenAI's API send from a browser, and ours.
constexpr const char* kRequestHeaders =
    "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Range, OpenAI-Organization, OpenAI-Project, "
    "X-Stainless-Lang, X-Stainless-Package-Version, X-Stainless-OS, X-Stainless-Arch, X-Stainless-Runtime, "
    "X-Stainless-Runtime-Version, X-Stainless-Retry-Count, X-Stainless-Timeout, X-Stainless-Helper-Method";

constexpr const char* kAllowOrigin =
    "make a token for it with stoker tokens create --origin, or list it under api.origins in the configuration";

using Check = std::optional<Problem>;

Check check_lengths(const Head& head, Verdict& verdict) {
  const size_t lengths = head.count("Content-Length");
  const bool encoded = head.count("Transfer-Encoding") != 0;
  if (lengths != 0 && encoded)
    return Problem{
        400, "invalid", "both Content-Length and Transfer-Encoding are given", "send Content-Length alone", {}};
  if (encoded) {
    if (head.minor == 0) return Problem{400, "invalid", "HTTP/1.0 has no Transfer-Encoding", {}, {}};
    if (head.count("Transfer-Encoding") > 1 || !same_word(*head.find("Transfer-Encoding"), "chunked"))
      return Problem{400, "invalid", "the one Transfer-Encoding that is taken is chunked", {}, {}};
    verdict.body_size = -1;
    return std::nullopt;
  }
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

bool holds(const std::vector<std::string>& origins, std::string_view origin) {
  return std::find(origins.begin(), origins.end(), origin) != origins.end();
}

bool is_listed(std::string_view origin, const GuardRules& rules, const std::vector<Token>& tokens) {
  return holds(rules.origins, origin) ||
         std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) { return holds(token.origins, origin); });
}

Check check_origin(const Head& head, const GuardRules& rules, const std::vector<Token>& tokens, Verdict& verdict) {
  const Problem refusal{403, "forbidden", "this origin may not call the agent", kAllowOrigin, {}};
  if (head.count("Origin") > 1 || head.count("Sec-Fetch-Site") > 1) return refusal;
  if (const auto origin = head.find("Origin")) {
    if (*origin == "null" || origin->empty() || !is_listed(*origin, rules, tokens)) return refusal;
    verdict.origin = *origin;
    return std::nullopt;
  }
  const auto site = head.find("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") return refusal;
  return std::nullopt;
}

bool is_preflight(const Head& head, Verdict& verdict) {
  if (head.method != "OPTIONS" || verdict.origin.empty()) return false;
  verdict.fields = {{"Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"},
                    {"Access-Control-Allow-Headers", kRequestHeaders},
                    {"Access-Control-Max-Age", "600"}};
  // A page of the internet asks whether it may reach this computer.
  if (const auto asked = head.find("Access-Control-Request-Private-Network"); asked && *asked == "true")
    verdict.fields.emplace_back("Access-Control-Allow-Private-Network", "true");
  return true;
}

// A token of a web page is of no use outside of it, and one for programs of none to a web page.
Check check_binding(const Token& token, const std::string& origin) {
  if (origin.empty() && token.origins.empty()) return std::nullopt;
  if (holds(token.origins, origin)) return std::nullopt;
  Problem problem{403, "forbidden", {}, "make a token for this origin", {}};
  if (token.origins.empty()) {
    problem.detail = "token " + token.name + " may not be used by a web page";
  } else if (origin.empty()) {
    problem.detail =
        "token " + token.name + " belongs to the origin " + token.origins.front() + ", and this call names none";
    problem.hint = "make a token without --origin for what is no web page";
  } else {
    problem.detail = "token " + token.name + " belongs to another origin";
  }
  return problem;
}

Check check_token(const Head& head, const std::vector<Token>& tokens, Verdict& verdict) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto header = head.count("Authorization") == 1 ? head.find("Authorization") : std::nullopt;
  const bool bearer =
      header && header->size() > kScheme.size() && same_word(header->substr(0, kScheme.size()), kScheme);
  const Token* token = bearer ? find_token(tokens, header->substr(kScheme.size())) : nullptr;
  if (!token) {
    verdict.fields.emplace_back("WWW-Authenticate", "Bearer");
    return Problem{401,
                   "unauthenticated",
                   bearer ? "this token is not known" : "a bearer token is needed",
                   "stoker tokens create makes one for an app; the file `token` in the state folder holds the admin's",
                   {}};
  }
  if (auto problem = check_binding(*token, verdict.origin)) return problem;
  verdict.caller = {token->name, token->scope};
  verdict.token_id = token->id;
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
  verdict.dialect = match.route->dialect;
  verdict.parameters = std::move(match.parameters);
  return std::nullopt;
}

Check check_body(const Head& head, const GuardRules& rules, Verdict& verdict) {
  const Route& route = *verdict.route;
  if (!route.body_type) {
    if (verdict.body_size != 0) return Problem{413, "invalid", "this call takes no body", {}, {}};
    return std::nullopt;
  }
  if (verdict.body_size < 0 && !route.chunked)
    return Problem{411, "invalid", "a body of unannounced length is not taken here", "send Content-Length", {}};
  if (verdict.body_size >= 0 && head.count("Content-Length") == 0)
    return Problem{411, "invalid", "Content-Length is missing", {}, {}};
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
  verdict.body_cap = route.body_cap != 0 ? route.body_cap : rules.max_file_bytes;
  if (verdict.body_size > verdict.body_cap) return problem_of(TooLarge(verdict.body_cap));
  return std::nullopt;
}

Check examine(const Head& head, const GuardRules& rules, const std::vector<Token>& tokens, Verdict& verdict) {
  std::string target;
  verdict.dialect = dialect_of(head.target);
  if (auto problem = check_lengths(head, verdict)) return problem;
  if (auto problem = check_host(head, rules, target, verdict)) return problem;
  if (auto problem = check_origin(head, rules, tokens, verdict)) return problem;
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
    if (auto problem = check_token(head, tokens, verdict)) return problem;
  if (unreadable) return unreadable;
  if (match.route && verdict.caller.scope < match.route->scope)
    return Problem{403, "forbidden", "token " + verdict.caller.name + " may not do this", "use the admin token", {}};
  if (auto problem = check_route(head, std::move(match), verdict)) return problem;
  if (auto problem = check_body(head, rules, verdict)) return problem;
  verdict.kind = Verdict::Kind::pass;
  return std::nullopt;
}

}  // namespace

Verdict guard(const Head& head, const GuardRules& rules, const std::vector<Token>& tokens) {
  Verdict verdict;
  if (auto problem = examine(head, rules, tokens, verdict)) verdict.problem = std::move(*problem);
  return verdict;
}

}  // namespace stoker::api
