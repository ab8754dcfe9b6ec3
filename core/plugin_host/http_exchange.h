// One request and its answer on one connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin_host/http_connection.h"
#include "core/plugin_host/http_head.h"

namespace stoker::plugin_host {

struct HttpAnswer {
  int status = 0;
  std::vector<HttpField> headers;  // as they came, but for those that a decoded body belies
  std::string body;

  [[nodiscard]] const std::string* find(std::string_view name) const;
};

// What may have reached the other side.
struct Departure {
  bool any = false;     // bytes of the request
  bool acted = false;   // enough to be acted on: bytes of the body, or the whole head where there is none
  bool reused = false;  // the connection had been idle, so that it may have been closed just then
};

class HttpExchange {
 public:
  HttpExchange(HttpConnection& connection, const SocketWait& wait) : connection_(connection), wait_(wait) {}

  // Throws TransportError.
  void send(std::string_view head, std::string_view body, Departure& departure);
  // `method` is that of the request; the body counts decoded. Throws TransportError.
  [[nodiscard]] HttpAnswer receive(const std::string& method, uint64_t max_bytes);
  // The head of the answer to CONNECT, which has no body.
  [[nodiscard]] HttpHead receive_head();
  // Whether the answer has come to its end and another exchange may follow.
  [[nodiscard]] bool reusable() const { return reusable_; }

 private:
  void write(std::string_view bytes);
  [[nodiscard]] bool read_more(const std::string& doing);
  [[nodiscard]] std::string read_body(const HttpHead& head, const std::string& method, uint64_t max_bytes);

  HttpConnection& connection_;
  const SocketWait& wait_;
  std::string come_;  // and not yet taken
  bool reusable_ = false, cut_ = false;
};

}  // namespace stoker::plugin_host
