#include "tests/plugin_host/authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <stdexcept>

namespace stoker::plugin_host {
namespace {

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL made no certificate");
}

Key new_key() { return Key(EVP_EC_gen("P-256")); }

void extend(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Signed by itself where there is no issuer.
Certificate certify(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, const Subject& subject,
                    bool authority) {
  static std::atomic<long> serial{1};
  Certificate made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), subject.begins_s);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), subject.ends_s);
  X509_set_pubkey(made.get(), key);
  X509_NAME* own = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(own, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* signer = issuer == nullptr ? made.get() : issuer;
  X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
  extend(made.get(), signer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!authority) extend(made.get(), signer, NID_subject_alt_name, subject.names);
  require(X509_sign(made.get(), issuer_key, EVP_sha256()) > 0);
  return made;
}

ServerContext server(EVP_PKEY* key, X509* certificate) {
  ServerContext context(SSL_CTX_new(TLS_server_method()));
  require(SSL_CTX_use_certificate(context.get(), certificate) == 1 && SSL_CTX_use_PrivateKey(context.get(), key) == 1);
  return context;
}

}  // namespace

Authority::Authority(const std::string& name)
    : key_(new_key()), certificate_(certify(name, key_.get(), nullptr, key_.get(), {}, true)) {}

void Authority::write(const std::filesystem::path& file) const {
  std::FILE* out = std::fopen(file.c_str(), "w");
  require(out != nullptr && PEM_write_X509(out, certificate_.get()) == 1);
  std::fclose(out);
}

ServerContext Authority::signed_for(const Subject& subject) const {
  const Key key = new_key();
  const Certificate made = certify("server", key.get(), certificate_.get(), key_.get(), subject, false);
  return server(key.get(), made.get());
}

ServerContext Authority::self_signed(const Subject& subject) {
  const Key key = new_key();
  const Certificate made = certify("server", key.get(), nullptr, key.get(), subject, false);
  return server(key.get(), made.get());
}

}  // namespace stoker::plugin_host
