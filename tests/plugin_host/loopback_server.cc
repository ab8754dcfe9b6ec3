#include "tests/plugin_host/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace stoker::plugin_host {

std::string Peer::read_some() {
  char piece[16384];
  const auto size = tls_ != nullptr ? SSL_read(tls_, piece, sizeof piece)
                                    : static_cast<int>(::recv(descriptor_, piece, sizeof piece, 0));
  return size > 0 ? std::string(piece, static_cast<size_t>(size)) : std::string();
}

std::string Peer::read_request() {
  const auto more = [&] {
    const std::string piece = read_some();
    come_ += piece;
    return !piece.empty();
  };
  size_t end = 0;
  while ((end = come_.find("\r\n\r\n")) == std::string::npos)
    if (!more()) return {};
  size_t size = end + 4;
  const size_t length = come_.find("Content-Length: ");
  if (length < end) size += std::stoul(come_.substr(length + 16));
  while (come_.size() < size)
    if (!more()) return {};
  std::string request = come_.substr(0, size);
  come_.erase(0, size);
  const std::lock_guard lock(server_->mutex_);
  server_->requests_.push_back(request);
  return request;
}

void Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                      : static_cast<int>(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (size <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
}

void Peer::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Peer::end_tls() { SSL_shutdown(tls_); }

void Peer::until_closed() {
  while (!read_some().empty()) {
  }
}

bool Peer::closed() const {
  pollfd look{descriptor_, POLLRDHUP, 0};
  return ::poll(&look, 1, 0) > 0;
}

void Peer::drip(char byte) {
  for (; !closed(); write({&byte, 1})) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

bool Peer::start_tls(SSL_CTX* context) {
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, descriptor_);
  return SSL_accept(tls_) == 1;
}

LoopbackServer::LoopbackServer(Script script, SSL_CTX* tls)
    : script_(std::move(script)), tls_(tls), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  ::signal(SIGPIPE, SIG_IGN);  // of SSL_write in this file
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port for the server of the test");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  over_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string LoopbackServer::url(const std::string& scheme) const {
  return scheme + "://127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> LoopbackServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void LoopbackServer::accept_all() {
  while (!over_) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    const int on = 1;  // as servers do that are not to wait 40 ms for an acknowledgement
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    open_.push_back(descriptor);
    const int number = connections_++;
    threads_.emplace_back([this, descriptor, number] { serve(descriptor, number); });
  }
}

void LoopbackServer::serve(int descriptor, int number) {
  Peer peer;
  peer.server_ = this;
  peer.descriptor_ = descriptor;
  peer.number_ = number;
  if (tls_ == nullptr || peer.start_tls(tls_)) script_(peer);
  SSL_free(peer.tls_);
  const std::lock_guard lock(mutex_);
  std::erase(open_, descriptor);
  ::close(descriptor);
}

std::string answer(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Word\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

LoopbackServer::Script answering(std::vector<std::string> answers) {
  const auto next = std::make_shared<std::atomic<size_t>>(0);
  return [answers = std::move(answers), next](Peer& peer) {
    while (!peer.read_request().empty()) peer.write(answers[std::min(answers.size() - 1, (*next)++)]);
  };
}

}  // namespace stoker::plugin_host
