#include "core/plugin_host/http_connection.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Kind = TransportError::Kind;

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE on a connection that is gone.
int write_quietly(BIO* bio, const char* data, int size) {
  int descriptor = -1;
  BIO_get_fd(bio, &descriptor);
  BIO_clear_retry_flags(bio);
  const auto sent = static_cast<int>(::send(descriptor, data, static_cast<size_t>(size), MSG_NOSIGNAL));
  if (sent <= 0 && BIO_sock_should_retry(sent) != 0) BIO_set_retry_write(bio);
  return sent;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    const BIO_METHOD* original = BIO_s_socket();
    BIO_meth_set_write(made, write_quietly);
    BIO_meth_set_read(made, BIO_meth_get_read(original));
    BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(original));
    BIO_meth_set_create(made, BIO_meth_get_create(original));
    BIO_meth_set_destroy(made, BIO_meth_get_destroy(original));
    return made;
  }();
  return method;
}

std::string reason() {
  const int error = errno;
  const unsigned long code = ERR_peek_last_error();
  if (code == 0) return error == 0 ? "the connection was closed" : std::strerror(error);
  const char* words = ERR_reason_error_string(code);
  return words == nullptr ? "TLS error " + std::to_string(code) : words;
}

TransportError untrusted(const std::string& host, long verdict) {
  const bool of_time = verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID;
  return {Kind::untrusted, "the certificate of " + host + " does not verify: " + X509_verify_cert_error_string(verdict),
          of_time ? "set the clock of this machine, or let the server have a valid certificate"
                  : "add its authority to the roots of this system, or correct http.endpoints"};
}

bool expect_host(SSL* tls, const std::string& host) {
  in6_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1)
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(tls, host.c_str()) == 1 && SSL_set1_host(tls, host.c_str()) == 1;
}

}  // namespace

HttpConnection::HttpConnection(TcpSocket socket) : socket_(std::move(socket)) {}
HttpConnection::~HttpConnection() = default;

void HttpConnection::Free::operator()(SSL* tls) const { SSL_free(tls); }

void HttpConnection::start_tls(SSL_CTX* context, const std::string& host, const SocketWait& wait) {
  const std::string doing = "the TLS handshake with " + host;
  tls_.reset(SSL_new(context));
  BIO* bio = tls_ ? BIO_new(socket_method()) : nullptr;
  if (bio == nullptr || !expect_host(tls_.get(), host)) {
    BIO_free(bio);
    throw TransportError(Kind::broken, doing + ": " + reason());
  }
  BIO_set_fd(bio, socket_.descriptor(), BIO_NOCLOSE);
  SSL_set_bio(tls_.get(), bio, bio);
  try {
    if (run([&] { return SSL_connect(tls_.get()); }, wait, doing) == 0)
      throw TransportError(Kind::broken, doing + ": the connection was closed");
  } catch (const TransportError& error) {
    const long verdict = SSL_get_verify_result(tls_.get());
    if (error.kind == Kind::broken && verdict != X509_V_OK) throw untrusted(host, verdict);
    throw;
  }
}

size_t HttpConnection::write(std::string_view bytes, const SocketWait& wait, const std::string& doing) {
  if (!tls_) return socket_.write(bytes, wait, doing);
  const int size = static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX));
  const size_t written = run([&] { return SSL_write(tls_.get(), bytes.data(), size); }, wait, doing);
  if (written == 0) throw TransportError(Kind::broken, doing + ": the connection was closed");
  return written;
}

size_t HttpConnection::read(char* into, size_t size, const SocketWait& wait, const std::string& doing) {
  if (!tls_) return socket_.read(into, size, wait, doing);
  const int most = static_cast<int>(std::min<size_t>(size, INT_MAX));
  return run([&] { return SSL_read(tls_.get(), into, most); }, wait, doing);
}

bool HttpConnection::quiet() const { return socket_.quiet() && (!tls_ || SSL_has_pending(tls_.get()) == 0); }

size_t HttpConnection::run(const std::function<int()>& step, const SocketWait& wait, const std::string& doing) {
  for (;;) {
    wait.check(doing);
    ERR_clear_error();
    errno = 0;
    const int moved = step();
    if (moved > 0) return static_cast<size_t>(moved);
    switch (SSL_get_error(tls_.get(), moved)) {
      case SSL_ERROR_WANT_READ:
        wait.ready(socket_.descriptor(), POLLIN, doing);
        break;
      case SSL_ERROR_WANT_WRITE:
        wait.ready(socket_.descriptor(), POLLOUT, doing);
        break;
      case SSL_ERROR_ZERO_RETURN:
        return 0;
      default:
        throw TransportError(Kind::broken, doing + ": " + reason());
    }
  }
}

}  // namespace stoker::plugin_host
