#include "plugins/aws/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <stoker/cpp/failure.hpp>

namespace stoker::aws {
namespace {

constexpr std::size_t kSha256 = 32;
constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char c : bytes) text += {kDigits[c >> 4], kDigits[c & 15]};
  return text;
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, kSha256> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 || size != kSha256)
    throw Failure{STOKER_E_INTERNAL, "aws: SHA-256 can not be computed"};
  return {reinterpret_cast<const char*>(digest.data()), kSha256};
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, kSha256> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), digest.data(), &size) == nullptr ||
      size != kSha256)
    throw Failure{STOKER_E_INTERNAL, "aws: HMAC-SHA-256 can not be computed"};
  return {reinterpret_cast<const char*>(digest.data()), kSha256};
}

void wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

// Without spaces around it, and with one where there were several.
std::string trimmed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers canonical_headers(const SignedRequest& request) {
  Headers all;
  for (const auto& [name, value] : request.headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    all.emplace_back(std::move(lower), trimmed(value));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::string names_of(const Headers& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

}  // namespace

std::string amz_date(std::int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm utc{};
  std::array<char, 32> text{};
  if (gmtime_r(&seconds, &utc) == nullptr || std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc) == 0)
    throw Failure{STOKER_E_INTERNAL, "aws: the clock of this machine shows no time"};
  return text.data();
}

std::string canonical_request(const SignedRequest& request) {
  const Headers headers = canonical_headers(request);
  std::string text = request.method + "\n" + request.path + "\n" + request.query + "\n";
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  return text + "\n" + names_of(headers) + "\n" + hex(sha256(request.body));
}

std::string authorization(const SignedRequest& request, const KeyPair& key) {
  const Headers headers = canonical_headers(request);
  const auto date =
      std::find_if(headers.begin(), headers.end(), [](const auto& one) { return one.first == "x-amz-date"; });
  if (date == headers.end() || date->second.size() != 16)
    throw Failure{STOKER_E_INTERNAL, "aws: a request without its date can not be signed"};
  const std::string day = date->second.substr(0, 8);
  const std::string scope = day + "/" + request.region + "/" + request.service + "/aws4_request";
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + date->second + "\n" + scope + "\n" + hex(sha256(canonical_request(request)));
  std::string derived = "AWS4" + std::string(key.secret);
  for (const std::string_view part : {std::string_view(day), std::string_view(request.region),
                                      std::string_view(request.service), std::string_view("aws4_request")}) {
    std::string next = hmac(derived, part);
    wipe(derived);
    derived = std::move(next);
  }
  const std::string signature = hex(hmac(derived, to_sign));
  wipe(derived);
  return std::string(kAlgorithm) + " Credential=" + std::string(key.id) + "/" + scope +
         ", SignedHeaders=" + names_of(headers) + ", Signature=" + signature;
}

}  // namespace stoker::aws
