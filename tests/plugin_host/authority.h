// A certificate authority for one test, and certificates with one fault each.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>

namespace stoker::plugin_host {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using ServerContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

struct Subject {
  std::string names = "DNS:api.acme.example";  // subjectAltName as OpenSSL writes it
  long begins_s = -3600, ends_s = 3600;        // from now
};

class Authority {
 public:
  explicit Authority(const std::string& name = "Test Authority");
  void write(const std::filesystem::path& file) const;  // its own certificate
  [[nodiscard]] ServerContext signed_for(const Subject& subject) const;
  [[nodiscard]] static ServerContext self_signed(const Subject& subject);

 private:
  Key key_;
  Certificate certificate_;
};

}  // namespace stoker::plugin_host
