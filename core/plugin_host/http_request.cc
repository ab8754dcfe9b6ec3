#include "core/plugin_host/http_request.h"

#include <algorithm>
#include <initializer_list>

#include "core/error.h"
#include "core/plugin_host/foreign_value.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxHeaders = 100, kMaxMethod = 32;

std::string copy_name(stoker_str foreign) {
  std::string name = copy_bytes(foreign, kMaxText, "a header name");
  if (!is_token(name)) throw Breach("a header name holds a character that none may");
  for (const char* ours : {"Host", "Content-Length", "Transfer-Encoding", "Connection"})
    if (same_name(name, ours)) throw Breach(std::string("the header ") + ours + " belongs to the agent");
  return name;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string copy_value(stoker_str foreign, const std::string& name) {
  std::string value = copy_bytes(foreign, kMaxText, "a header value");
  if (has_control(value)) throw Breach("the value of the header " + name + " holds a control character");
  return value;
}

void check_secret(const std::string& key, std::string_view secret) {
  const char* fault = nullptr;
  if (secret.empty())
    fault = " is empty";
  else if (has_control(secret))
    fault = " holds a line break or another control character";
  else if (secret.front() == ' ' || secret.back() == ' ')
    fault = " begins or ends with a space";
  if (fault == nullptr) return;
  throw Error(Fault::invalid, "the secret " + key + fault, "enter it again, without anything around it", key);
}

bool wants_length(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

bool names(const HttpRequest& request, std::string_view header) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const HttpField& field) { return same_name(field.name, header); });
}

}  // namespace

bool HttpRequest::confidential() const {
  return !secrets.empty() || names(*this, "Authorization") || names(*this, "Cookie");
}

HttpRequest copy_request(const stoker_http_request* foreign) {
  const stoker_http_request said = copy_struct(foreign, "the request");
  HttpRequest request;
  request.method = copy_bytes(said.method, kMaxMethod, "the method");
  if (!is_token(request.method)) throw Breach("the method is none of HTTP");
  if (request.method == "CONNECT") throw Breach("the method CONNECT belongs to the agent");
  request.url = parse_url(copy_bytes(said.url, kMaxText, "the URL"));
  if (said.n_headers + said.n_secrets > kMaxHeaders || said.n_headers > kMaxHeaders)
    throw Breach("the request has more than " + std::to_string(kMaxHeaders) + " headers");
  if ((said.n_headers > 0 && said.headers == nullptr) || (said.n_secrets > 0 && said.secrets == nullptr) ||
      (said.body.size > 0 && said.body.data == nullptr))
    throw Breach("a part of the request has a size but no data");
  for (size_t i = 0; i < said.n_headers; ++i) {
    std::string name = copy_name(said.headers[i].name);
    std::string value = copy_value(said.headers[i].value, name);
    request.headers.push_back({std::move(name), std::move(value)});
  }
  for (size_t i = 0; i < said.n_secrets; ++i) {
    std::string name = copy_name(said.secrets[i].name);
    std::string prefix = copy_value(said.secrets[i].prefix, name);
    request.secrets.push_back({std::move(name), std::move(prefix), copy_text(said.secrets[i].secret_key, "a secret")});
  }
  request.body = {static_cast<const char*>(said.body.data), said.body.size};
  request.retry = said.retry;
  if (said.timeout_ms > 0) request.timeout_ms = said.timeout_ms;
  if (said.max_response_bytes > 0) request.max_response_bytes = std::min(said.max_response_bytes, kHttpBodyMost);
  return request;
}

void write_head(const HttpRequest& request, std::string_view target, const std::string& user_agent,
                const SecretSource* secrets, WipedText& head) {
  const auto add_all = [&](std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) head.add(part);
  };
  const auto add = [&](std::string_view name, std::string_view value) { add_all({name, ": ", value, "\r\n"}); };
  add_all({request.method, " ", target, " HTTP/1.1\r\n"});
  add("Host", request.url.authority());
  if (!user_agent.empty() && !names(request, "User-Agent")) add("User-Agent", user_agent);
  if (!names(request, "Accept-Encoding")) add("Accept-Encoding", "gzip");
  for (const HttpField& field : request.headers) add(field.name, field.value);
  for (const HttpSecret& wanted : request.secrets) {
    if (secrets == nullptr)
      throw Error(Fault::invalid, "the account has no secrets, and " + wanted.key + " is needed",
                  "set up the account again", wanted.key);
    secrets->use(wanted.key, [&](std::string_view secret) {
      check_secret(wanted.key, secret);
      add_all({wanted.name, ": ", wanted.prefix, secret, "\r\n"});
    });
  }
  if (wants_length(request)) add("Content-Length", std::to_string(request.body.size()));
  head.add("\r\n");
}

}  // namespace stoker::plugin_host
