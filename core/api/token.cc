#include "core/api/token.h"

#include <sodium.h>

#include "core/error.h"

namespace stoker::api {
namespace {

std::array<unsigned char, 32> digest(std::string_view bytes) {
  static_assert(crypto_hash_sha256_BYTES == 32);
  std::array<unsigned char, 32> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hash;
}

}  // namespace

Token Token::of(std::string name, Scope scope, std::string_view secret, std::vector<std::string> origins) {
  return {std::move(name), scope, digest(secret), std::move(origins), {}};
}

std::string new_secret() {
  if (sodium_init() < 0) throw Error(Fault::internal, "the random generator can not start");
  unsigned char bytes[32];
  randombytes_buf(bytes, sizeof bytes);
  char text[sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
  sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text;
}

const Token* find_token(const std::vector<Token>& tokens, std::string_view secret) {
  const auto presented = digest(secret);
  const Token* found = nullptr;
  for (const Token& token : tokens)
    if (sodium_memcmp(token.sha256.data(), presented.data(), presented.size()) == 0) found = &token;
  return found;
}

}  // namespace stoker::api
