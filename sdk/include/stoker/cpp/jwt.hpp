// JSON Web Tokens signed with RS256 (RFC 7515 and 7518), over OpenSSL's libcrypto.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>
#include <string_view>

#include "failure.hpp"

namespace stoker {

// Without padding.
inline std::string base64url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const unsigned char byte : bytes) {
    buffer = buffer << 8 | byte;
    for (bits += 8; bits >= 6; bits -= 6) out += kDigits[buffer >> (bits - 6) & 63];
  }
  if (bits > 0) out += kDigits[buffer << (6 - bits) & 63];
  return out;
}

// `header` and `claims` are JSON, `private_key` is an RSA key in PEM. Throws STOKER_E_INVALID for any other key.
inline std::string signed_jwt(std::string_view header, std::string_view claims, std::string_view private_key) {
  const auto no_password = [](char*, int, int, void*) { return 0; };  // or OpenSSL asks for one at the terminal
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(
      BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(pem.get(), nullptr, no_password, nullptr), &EVP_PKEY_free);
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
    throw Failure{STOKER_E_INVALID, "the private key is not an RSA key in PEM"};
  std::string token = base64url(header) + "." + base64url(claims);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string signature(static_cast<std::size_t>(EVP_PKEY_size(key.get())), '\0');
  std::size_t size = signature.size();
  const auto* text = reinterpret_cast<const unsigned char*>(token.data());
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, text, token.size()) != 1)
    throw Failure{STOKER_E_INVALID, "OpenSSL can not sign with the private key"};
  signature.resize(size);
  return token + "." + base64url(signature);
}

}  // namespace stoker
