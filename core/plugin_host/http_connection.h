// A connection to a server or a proxy, with or without TLS, on which one exchange follows the other.
#pragma once

#include <openssl/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/plugin_host/tcp_socket.h"

namespace stoker::plugin_host {

// One thread at a time.
class HttpConnection {
 public:
  explicit HttpConnection(TcpSocket socket);
  ~HttpConnection();

  // Verifies that the other side is `host`. Throws TransportError{untrusted} with OpenSSL's reason where it is not.
  void start_tls(SSL_CTX* context, const std::string& host, const SocketWait& wait);

  // Writes at least one byte and returns how many. Throws TransportError.
  size_t write(std::string_view bytes, const SocketWait& wait, const std::string& doing);
  // 0: the other side has ended the connection properly. Throws TransportError.
  size_t read(char* into, size_t size, const SocketWait& wait, const std::string& doing);
  // Whether it can take another exchange: nothing has come, not even its end.
  [[nodiscard]] bool quiet() const;

 private:
  struct Free {
    void operator()(SSL* tls) const;
  };
  // Until `step` has moved something; 0 at the end of the connection.
  size_t run(const std::function<int()>& step, const SocketWait& wait, const std::string& doing);

  TcpSocket socket_;
  std::unique_ptr<SSL, Free> tls_;
};

}  // namespace stoker::plugin_host
