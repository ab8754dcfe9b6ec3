#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stoker/cpp/jwt.hpp>

namespace stoker {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> new_key(int type) {
  if (type == EVP_PKEY_RSA) return {EVP_RSA_gen(2048), &EVP_PKEY_free};
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

std::string pem_of(EVP_PKEY* key, const char* password = nullptr) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, password == nullptr ? nullptr : EVP_aes_128_cbc(), password,
                                password == nullptr ? 0 : 6, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

TEST(Jwt, Base64UrlHasNoPaddingAndItsOwnTwoDigits) {
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("\xfb\xff\xbf"), "-_-_");
}

TEST(Jwt, IsSignedByItsKey) {
  const auto key = new_key(EVP_PKEY_RSA);
  const std::string token = signed_jwt(R"({"alg":"RS256"})", R"({"iss":"x"})", pem_of(key.get()));
  const std::size_t dot = token.rfind('.');
  EXPECT_EQ(token.substr(0, dot), "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0");
  std::string base64 = token.substr(dot + 1);
  for (char& c : base64) c = c == '-' ? '+' : c == '_' ? '/' : c;
  base64.append((4 - base64.size() % 4) % 4, '=');
  unsigned char signature[512];
  EVP_DecodeBlock(signature, reinterpret_cast<const unsigned char*>(base64.data()), static_cast<int>(base64.size()));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  EXPECT_EQ(EVP_DigestVerify(context.get(), signature, 256, reinterpret_cast<const unsigned char*>(token.data()), dot),
            1);
}

// The assertion that Google's own library makes of the same key and claims.
TEST(Jwt, IsTheOneOfTheVector) {
  const fs::path folder = fs::path(STOKER_SOURCE_DIR) / "../shared/providers/gcp-jwt-vector";
  const char* given = std::getenv("STOKER_JWT_VECTOR");
  const fs::path at = given != nullptr ? fs::path(given) : folder;
  if (!fs::exists(at / "assertion.txt")) GTEST_SKIP() << "the vector is not here (STOKER_JWT_VECTOR)";
  EXPECT_EQ(signed_jwt(without_newline(content(at / "header.json")), without_newline(content(at / "claims.json")),
                       content(at / "key.pem")),
            without_newline(content(at / "assertion.txt")));
}

TEST(Jwt, AKeyThatIsNoneIsRefused) {
  for (const std::string& bad : {std::string(), std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n"), std::string("x"),
                                 pem_of(new_key(EVP_PKEY_EC).get()), pem_of(new_key(EVP_PKEY_RSA).get(), "secret")}) {
    try {
      (void)signed_jwt("{}", "{}", bad);
      FAIL() << bad;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), STOKER_E_INVALID);
      EXPECT_EQ(failure.message(), "the private key is not an RSA key in PEM");
    }
  }
}

}  // namespace
}  // namespace stoker
