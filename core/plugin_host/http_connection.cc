#include "core/plugin_host/http_connection.h"

#include <Poco/Exception.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/X509Certificate.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>
#include <climits>

#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Kind = TransportError::Kind;
using Poco::Net::SecureStreamSocket;

TransportError untrusted(const std::string& host, int verdict) {
  const bool of_time = verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID;
  return {Kind::untrusted, "the certificate of " + host + " does not verify: " + X509_verify_cert_error_string(verdict),
          of_time ? "set the clock of this machine, or let the server have a valid certificate"
                  : "add its authority to the roots of this system, or correct http.endpoints"};
}

// Not left to Poco, whose check lets a certificate of another name pass for an address.
void require_name(const X509* certificate, const std::string& host) {
  Poco::Net::IPAddress address;
  auto* const it = const_cast<X509*>(certificate);
  if (Poco::Net::IPAddress::tryParse(host, address)) {
    if (X509_check_ip_asc(it, host.c_str(), 0) != 1) throw untrusted(host, X509_V_ERR_IP_ADDRESS_MISMATCH);
  } else if (X509_check_host(it, host.data(), host.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) != 1) {
    throw untrusted(host, X509_V_ERR_HOSTNAME_MISMATCH);
  }
}

// "error:0A000126:SSL routines::unexpected eof while reading": the words alone.
TransportError broken(const std::string& doing, const Poco::Exception& error) {
  std::string words = error.message();
  if (words.starts_with("error:")) words.erase(0, words.rfind(':') + 1);
  return {Kind::broken, doing + ": " + (words.empty() ? error.displayText() : words)};
}

int length(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

}  // namespace

void HttpConnection::start_tls(const Poco::Net::Context::Ptr& context, const std::string& host,
                               const SocketWait& wait) {
  const std::string doing = "the TLS handshake with " + host;
  TlsContext::forget_verdict();
  try {
    // On a socket that does not block the handshake waits for completeHandshake().
    SecureStreamSocket secure = SecureStreamSocket::attach(socket_, host, context);
    socket_ = secure;
    if (run([&] { return secure.completeHandshake(); }, POLLIN, wait, doing) == 0)
      throw TransportError(Kind::broken, doing + ": the connection was closed");
    require_name(secure.peerCertificate().certificate(), host);
  } catch (const TransportError& error) {
    const int verdict = TlsContext::last_verdict();
    if (error.kind == Kind::broken && verdict != X509_V_OK) throw untrusted(host, verdict);
    throw;
  } catch (const Poco::Exception& error) {
    throw broken(doing, error);
  }
}

size_t HttpConnection::write(std::string_view bytes, const SocketWait& wait, const std::string& doing) {
  // Poco takes a plain socket that would block for one that is broken.
  if (!socket_.secure()) wait.ready(socket_.impl()->sockfd(), POLLOUT, doing);
  const size_t written =
      run([&] { return socket_.sendBytes(bytes.data(), length(bytes.size()), MSG_NOSIGNAL); }, POLLOUT, wait, doing);
  if (written == 0) throw TransportError(Kind::broken, doing + ": the connection was closed");
  return written;
}

size_t HttpConnection::read(char* into, size_t size, const SocketWait& wait, const std::string& doing) {
  return run([&] { return socket_.receiveBytes(into, length(size)); }, POLLIN, wait, doing);
}

bool HttpConnection::quiet() const {
  pollfd look{socket_.impl()->sockfd(), POLLIN | POLLRDHUP, 0};
  return ::poll(&look, 1, 0) == 0;
}

size_t HttpConnection::run(const std::function<int()>& step, short events, const SocketWait& wait,
                           const std::string& doing) {
  for (;;) {
    wait.check(doing);
    int moved = 0;
    try {
      moved = step();
    } catch (const Poco::Exception& error) {
      throw broken(doing, error);
    }
    if (moved >= 0) return static_cast<size_t>(moved);
    if (socket_.secure()) events = moved == SecureStreamSocket::ERR_SSL_WANT_WRITE ? POLLOUT : POLLIN;
    wait.ready(socket_.impl()->sockfd(), events, doing);
  }
}

}  // namespace stoker::plugin_host
