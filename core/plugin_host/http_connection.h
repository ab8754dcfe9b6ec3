// A connection to a server or a proxy, with or without TLS, on which one exchange follows the other.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <functional>
#include <string>
#include <string_view>

#include "core/plugin_host/tcp_socket.h"
#include "core/plugin_host/tls_context.h"

namespace stoker::plugin_host {

// One thread at a time. The socket does not block: every wait is a SocketWait's.
class HttpConnection {
 public:
  explicit HttpConnection(Poco::Net::StreamSocket socket) : socket_(std::move(socket)) {}

  // Verifies that the other side is `host`. Throws TransportError{untrusted} with OpenSSL's reason where it is not.
  void start_tls(const Poco::Net::Context::Ptr& context, const std::string& host, const SocketWait& wait);

  // Writes at least one byte and returns how many. Throws TransportError.
  size_t write(std::string_view bytes, const SocketWait& wait, const std::string& doing);
  // 0: the other side has ended the connection properly. Throws TransportError.
  size_t read(char* into, size_t size, const SocketWait& wait, const std::string& doing);
  // Whether it can take another exchange: nothing has come, not even its end.
  [[nodiscard]] bool quiet() const;

 private:
  // Until `step` has moved something; 0 at the end of the connection. `events` of poll(2) are what a socket without TLS
  // waits for; TLS may have to read before it can write.
  size_t run(const std::function<int()>& step, short events, const SocketWait& wait, const std::string& doing);

  Poco::Net::StreamSocket socket_;  // a SecureStreamSocket once TLS has started
};

}  // namespace stoker::plugin_host
