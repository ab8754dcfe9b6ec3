// A client that sends exactly the bytes a test gives it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/descriptor.h"

namespace stoker::api {

struct Answer {
  int status = 0;  // 0: the connection was closed without one
  std::string head, body;
  [[nodiscard]] std::string field(const std::string& name) const {
    const size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const size_t from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0)
      : port_(port), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer) ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) socket_ = Descriptor();
  }

  [[nodiscard]] int fd() const { return socket_.get(); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  // More bytes into `buffer`; false at the end, or when none came in time.
  bool receive(std::string& buffer, int timeout_ms = 10000) {
    if (&buffer != &rest_ && !rest_.empty()) {
      buffer += rest_;
      rest_.clear();
      return true;
    }
    pollfd it{socket_.get(), POLLIN, 0};
    if (::poll(&it, 1, timeout_ms) <= 0) return false;
    char bytes[16384];
    const ssize_t n = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    buffer.append(bytes, static_cast<size_t>(n));
    return true;
  }

  Answer read_answer(bool with_body = true) {
    Answer answer;
    size_t end = std::string::npos;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos)
      if (!receive(rest_)) return answer;
    answer.head = rest_.substr(0, end + 2);
    answer.status = std::stoi(answer.head.substr(9, 3));
    rest_.erase(0, end + 4);
    const std::string length = answer.field("Content-Length");
    const size_t size = !with_body || length.empty() ? 0 : std::stoul(length);
    while (rest_.size() < size && receive(rest_)) {
    }
    answer.body = rest_.substr(0, size);
    rest_.erase(0, size);
    return answer;
  }

  std::string read_to_end() {
    std::string all = std::move(rest_);
    rest_.clear();
    while (receive(all)) {
    }
    return all;
  }

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

  // A request with Host and, unless empty, a token.
  Answer call(const std::string& method, const std::string& target, const std::string& token,
              const std::vector<std::pair<std::string, std::string>>& fields = {}, const std::string& body = {}) {
    send(request(method, target, token, fields, body));
    return read_answer(method != "HEAD");
  }

  [[nodiscard]] std::string request(const std::string& method, const std::string& target, const std::string& token,
                                    const std::vector<std::pair<std::string, std::string>>& fields = {},
                                    const std::string& body = {}) const {
    std::string text = method + " " + target + " HTTP/1.1\r\n";
    bool own_host = false;
    for (const auto& [name, value] : fields) own_host = own_host || name == "Host";
    if (!own_host) text += "Host: " + host() + "\r\n";
    if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
    for (const auto& [name, value] : fields) text += name + ": " + value + "\r\n";
    if (!body.empty() || method == "POST" || method == "PUT")
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
  }

 private:
  int port_;
  Descriptor socket_;
  std::string rest_;
};

}  // namespace stoker::api
