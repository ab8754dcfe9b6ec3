#include "core/plugin_host/tls_context.h"

#include <Poco/Exception.h>
#include <openssl/ssl.h>

#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Poco::Net::Context;

thread_local int verdict = X509_V_OK;

int keep_verdict(int trusted, X509_STORE_CTX* store) {
  if (trusted == 0) verdict = X509_STORE_CTX_get_error(store);
  return trusted;
}

Context::Ptr make() {
  Context::Params params;
  params.verificationMode = Context::VERIFY_STRICT;  // which for a client means: names of this machine, too
  params.loadDefaultCAs = true;
  Context::Ptr made(new Context(Context::TLS_CLIENT_USE, params));
  made->requireMinimumProtocol(Context::PROTO_TLSV1_2);
  made->enableSessionCache(false);
  SSL_CTX_set_verify(made->sslContext(), SSL_VERIFY_PEER, keep_verdict);
  // The buffers of an idle connection go back; a write may go on with what is left of it.
  SSL_CTX_set_mode(made->sslContext(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

}  // namespace

Context::Ptr TlsContext::get() {
  const std::lock_guard lock(mutex_);
  if (context_.isNull()) {
    try {
      context_ = make();
    } catch (const Poco::Exception& error) {
      throw TransportError(TransportError::Kind::broken, "TLS can not be set up: " + error.displayText());
    }
  }
  return context_;
}

int TlsContext::last_verdict() { return verdict; }
void TlsContext::forget_verdict() { verdict = X509_V_OK; }

}  // namespace stoker::plugin_host
