// Requests through the host's HTTP service. Secrets are named, never held.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../http.h"
#include "../secrets.h"
#include "failure.hpp"

namespace stoker {

class HttpResponse {
 public:
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const std::string& body() const noexcept { return body_; }
  [[nodiscard]] const std::string& final_url() const noexcept { return final_url_; }
  // The first header of that name, whatever its case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers_) {
      if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                     [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); })) {
        return value;
      }
    }
    return {};
  }

 private:
  friend class HttpRequest;
  int status_ = 0;
  std::string body_, final_url_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

// Built up in one expression and sent once: call.http().get(url).secret("Authorization", "Bearer ", "token").send()
class HttpRequest {
 public:
  HttpRequest(stoker_call* call, std::string method, std::string url)
      : call_(call), method_(std::move(method)), url_(std::move(url)) {}

  HttpRequest& header(std::string name, std::string value) {
    return headers_.emplace_back(std::move(name), std::move(value)), *this;
  }
  // A header whose value is `prefix` and the secret stored under `key`; the host puts it in.
  HttpRequest& secret(std::string name, std::string prefix, std::string key) {
    return secrets_.push_back({std::move(name), std::move(prefix), std::move(key)}), *this;
  }
  HttpRequest& body(std::string bytes, std::string content_type = "application/json") {
    body_ = std::move(bytes);
    return header("Content-Type", std::move(content_type));
  }
  HttpRequest& retry(std::int32_t retry) { return retry_ = retry, *this; }  // STOKER_RETRY_...
  HttpRequest& timeout(std::int64_t ms) { return timeout_ms_ = ms, *this; }
  HttpRequest& max_response(std::uint64_t bytes) { return max_response_bytes_ = bytes, *this; }

  // Every HTTP status is an answer. Throws the host's own explanation of a transport error.
  HttpResponse send() {
    const auto* service = static_cast<const stoker_http*>(detail::host->get_service(detail::host, STOKER_HTTP));
    if (service == nullptr) throw Failure{STOKER_E_UNSUPPORTED, "this agent offers no HTTP service"};
    std::vector<stoker_header> headers;
    for (const auto& [name, value] : headers_) headers.push_back({str(name), str(value)});
    std::vector<stoker_secret_header> secrets;
    for (const auto& secret : secrets_) secrets.push_back({str(secret.name), str(secret.prefix), str(secret.key)});
    auto request = sized<stoker_http_request>();
    request.retry = retry_;
    request.method = str(method_);
    request.url = str(url_);
    request.headers = headers.data();
    request.n_headers = headers.size();
    request.secrets = secrets.data();
    request.n_secrets = secrets.size();
    request.body = {body_.data(), body_.size()};
    request.timeout_ms = timeout_ms_;
    request.max_response_bytes = max_response_bytes_;
    Answer answer;
    const stoker_status status = service->send(call_, &request, &HttpRequest::receive, &answer);
    if (status != STOKER_OK) throw Failure::explained(status);
    if (answer.error) std::rethrow_exception(answer.error);
    return std::move(answer.response);
  }

 private:
  struct Secret {
    std::string name, prefix, key;
  };
  struct Answer {
    HttpResponse response;
    std::exception_ptr error;
  };

  // Runs on the host's stack: an exception waits in `error` until send() is back.
  static void receive(void* user, const stoker_http_response* from) noexcept {
    auto& answer = *static_cast<Answer*>(user);
    try {
      const auto response = read(from);
      answer.response.status_ = response.status;
      answer.response.body_ = view(response.body);
      answer.response.final_url_ = view(response.final_url);
      for (std::size_t i = 0; i < response.n_headers; ++i) {
        answer.response.headers_.emplace_back(view(response.headers[i].name), view(response.headers[i].value));
      }
    } catch (...) {
      answer.error = std::current_exception();
    }
  }

  stoker_call* call_;
  std::string method_, url_, body_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::vector<Secret> secrets_;
  std::int32_t retry_ = STOKER_RETRY_IF_SAFE;
  std::int64_t timeout_ms_ = 0;
  std::uint64_t max_response_bytes_ = 0;
};

class Http {
 public:
  explicit Http(stoker_call* call) noexcept : call_(call) {}
  [[nodiscard]] HttpRequest get(std::string url) const {
    HttpRequest request(call_, "GET", std::move(url));
    request.retry(STOKER_RETRY_ALWAYS);
    return request;
  }
  [[nodiscard]] HttpRequest post(std::string url) const { return {call_, "POST", std::move(url)}; }
  [[nodiscard]] HttpRequest put(std::string url) const { return {call_, "PUT", std::move(url)}; }
  [[nodiscard]] HttpRequest remove(std::string url) const { return {call_, "DELETE", std::move(url)}; }
  [[nodiscard]] HttpRequest request(std::string method, std::string url) const {
    return {call_, std::move(method), std::move(url)};
  }

 private:
  stoker_call* call_;
};

}  // namespace stoker
