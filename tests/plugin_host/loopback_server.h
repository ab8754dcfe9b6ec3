// A server that does byte for byte what a test says, on a port of its own.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace stoker::plugin_host {

class LoopbackServer;

// The server's end of one connection.
class Peer {
 public:
  // Head and body (by Content-Length) of the next request; empty once the client has closed. Kept in
  // LoopbackServer::requests().
  std::string read_request();
  std::string read_some();  // whatever comes next; empty at the end
  void write(std::string_view bytes);
  void reset();                       // with RST instead of FIN
  void end_tls();                     // as TLS wants it, so that the end is known to be one
  void until_closed();                // by the client, or by the end of the test
  void drip(char byte = 'x');         // every 20 ms, until the client has closed
  [[nodiscard]] bool closed() const;  // by the client, so far as it is known
  // From here on the connection speaks TLS. False where the handshake fails.
  bool start_tls(SSL_CTX* context);
  [[nodiscard]] int number() const { return number_; }  // 0 is the server's first connection

 private:
  friend class LoopbackServer;
  LoopbackServer* server_ = nullptr;
  int descriptor_ = -1, number_ = 0;
  SSL* tls_ = nullptr;
  std::string come_;
};

class LoopbackServer {
 public:
  using Script = std::function<void(Peer&)>;

  // Runs `script` for each connection, in a thread of its own; the connection ends with it. With `tls`, after a
  // handshake.
  explicit LoopbackServer(Script script, SSL_CTX* tls = nullptr);
  ~LoopbackServer();

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& scheme = "http") const;
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  friend class Peer;
  void accept_all();
  void serve(int descriptor, int number);

  Script script_;
  SSL_CTX* tls_;
  int listener_;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> over_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK" with its length, `headers` in between, each ending in CRLF.
std::string answer(int status, const std::string& body, const std::string& headers = {});

// Answers each request of each connection with the next of `answers`; the last one stays.
LoopbackServer::Script answering(std::vector<std::string> answers);

}  // namespace stoker::plugin_host
