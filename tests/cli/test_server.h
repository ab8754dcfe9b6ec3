// A server on a free port of the loopback address that answers as it is told.
#pragma once

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>

#include <functional>
#include <string>

#include "core/cli/agent_client.h"

namespace stoker::cli {

namespace net = Poco::Net;

using Handle = std::function<void(net::HTTPServerRequest&, net::HTTPServerResponse&)>;

class Handler : public net::HTTPRequestHandler {
 public:
  explicit Handler(Handle handle) : handle_(std::move(handle)) {}
  void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
    handle_(request, response);
  }

 private:
  Handle handle_;
};

class Factory : public net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(Handle handle) : handle_(std::move(handle)) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override { return new Handler(handle_); }

 private:
  Handle handle_;
};

class Server {
 public:
  explicit Server(Handle handle)
      : socket_(net::SocketAddress("127.0.0.1", 0)),
        server_(new Factory(std::move(handle)), socket_, new net::HTTPServerParams) {
    server_.start();
  }
  ~Server() { server_.stopAll(true); }
  [[nodiscard]] uint16_t port() const { return socket_.address().port(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] AgentClient client(Clock& clock) const {
    const uint16_t port = socket_.address().port();
    return {[port] { return ClientView{"127.0.0.1", port, "secret"}; }, clock};
  }

 private:
  net::ServerSocket socket_;
  net::HTTPServer server_;
};

inline void answer(net::HTTPServerResponse& response, int status, const std::string& body) {
  response.setStatus(static_cast<net::HTTPResponse::HTTPStatus>(status));
  response.setContentLength64(static_cast<Poco::Int64>(body.size()));
  response.send() << body;
}

}  // namespace stoker::cli
