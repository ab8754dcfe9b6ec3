// What all TLS connections of the agent share: the system's roots and the rules of verification.
#pragma once

#include <Poco/Net/Context.h>

#include <mutex>

namespace stoker::plugin_host {

// Made at first use, since the roots take a megabyte. Any thread.
class TlsContext {
 public:
  // TLS 1.2 or newer; peers are verified against the roots of OpenSSL (SSL_CERT_FILE and SSL_CERT_DIR name others).
  // Throws TransportError.
  [[nodiscard]] Poco::Net::Context::Ptr get();

  // Why OpenSSL did not trust the last certificate it verified in a handshake on this thread (an X509_V_ERR_...), or
  // X509_V_OK. Poco's exceptions do not tell.
  [[nodiscard]] static int last_verdict();
  static void forget_verdict();

 private:
  std::mutex mutex_;
  Poco::Net::Context::Ptr context_;
};

}  // namespace stoker::plugin_host
