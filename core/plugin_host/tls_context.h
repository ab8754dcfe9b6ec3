// What all TLS connections of the agent share: the system's roots and the rules of verification.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <mutex>

namespace stoker::plugin_host {

// Made at first use, since the roots take a megabyte. Any thread.
class TlsContext {
 public:
  TlsContext();
  ~TlsContext();

  // TLS 1.2 or newer; peers are verified against the roots of OpenSSL (SSL_CERT_FILE and SSL_CERT_DIR name others).
  // Throws TransportError.
  [[nodiscard]] SSL_CTX* get();

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  std::mutex mutex_;
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace stoker::plugin_host
