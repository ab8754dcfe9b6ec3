#include "core/plugin_host/tls_context.h"

#include <openssl/ssl.h>

#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() = default;

void TlsContext::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

SSL_CTX* TlsContext::get() {
  const std::lock_guard lock(mutex_);
  if (context_) return context_.get();
  std::unique_ptr<SSL_CTX, Free> made(SSL_CTX_new(TLS_client_method()));
  if (!made || SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_default_verify_paths(made.get()) != 1)
    throw TransportError(TransportError::Kind::broken, "OpenSSL can not be set up");
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  // The buffers of an idle connection go back; a write may go on with what is left of it.
  SSL_CTX_set_mode(made.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  context_ = std::move(made);
  return context_.get();
}

}  // namespace stoker::plugin_host
