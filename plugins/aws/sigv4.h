// AWS Signature Version 4, as far as requests with a body and a fixed path need it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::aws {

// Borrowed for the signing; `token` is empty for a long-term key.
struct KeyPair {
  std::string_view id, secret, token;
};

// What is signed is what is sent: the body's bytes, and every header named here.
struct SignedRequest {
  std::string method = "POST", path = "/", query;            // canonical already
  std::vector<std::pair<std::string, std::string>> headers;  // "host" and "x-amz-date" among them; any case
  std::string body, region, service;
};

// "20150830T123600Z"
[[nodiscard]] std::string amz_date(std::int64_t wall_ms);

[[nodiscard]] std::string canonical_request(const SignedRequest& request);

// The value of the Authorization header. Throws Failure{STOKER_E_INTERNAL} for a request without its date.
[[nodiscard]] std::string authorization(const SignedRequest& request, const KeyPair& key);

}  // namespace stoker::aws
