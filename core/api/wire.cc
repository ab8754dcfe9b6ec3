#include "core/api/wire.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace stoker::api {
namespace {

constexpr int64_t kLeastBytesASecond = 1024;
constexpr size_t kPieceBytes = 64 * 1024;
constexpr int kDrainMs = 300;
constexpr size_t kDrainBytes = 1 << 20;

void wait_for(int socket, short events, const Patience& patience) {
  pollfd it{socket, events, 0};
  const int n = ::poll(&it, 1, static_cast<int>(std::min<int64_t>(patience.stall_ms, INT32_MAX)));
  if (n == 0) throw Error(Fault::deadline, "the client stalled");
  if (n < 0 && errno != EINTR) throw system_error("can not wait for a client", errno);
}

[[noreturn]] void gone() { throw Error(Fault::cancelled, "the client is gone"); }

}  // namespace

void send_all(int socket, std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      wait_for(socket, POLLOUT, patience);
    } else if (errno != EINTR) {
      gone();
    }
  }
}

void send_file(int socket, const FilePart& part, const Patience& patience) {
  off_t at = part.first;
  int64_t left = part.size;
  while (left > 0) {
    const ssize_t n = ::sendfile(socket, part.fd.get(), &at, static_cast<size_t>(std::min<int64_t>(left, 1 << 20)));
    if (n > 0) {
      left -= n;
    } else if (n == 0) {
      throw Error(Fault::internal, "a file became shorter while it was sent");
    } else if (errno == EAGAIN) {
      wait_for(socket, POLLOUT, patience);
    } else if (errno != EINTR) {
      gone();
    }
  }
}

void drain(int socket, const Patience& patience) {
  ::shutdown(socket, SHUT_WR);
  const int64_t end_ms = patience.clock.mono_ms() + kDrainMs;
  char buffer[16 * 1024];
  for (size_t sum = 0; sum < kDrainBytes;) {
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (n > 0) {
      sum += static_cast<size_t>(n);
      continue;
    }
    const int64_t left = end_ms - patience.clock.mono_ms();
    pollfd it{socket, POLLIN, 0};
    if (left <= 0 || ::poll(&it, 1, static_cast<int>(left)) == 0) return;
  }
}

size_t SocketBody::read_chunked(char* buffer, size_t capacity) {
  while (!chunks_.whole()) {
    if (came_at_ == came_.size()) {
      std::string piece(kPieceBytes, '\0');
      piece.resize(receive(piece.data(), piece.size()));
      came_ = std::move(piece);
      came_at_ = 0;
    }
    const Chunks::Step step = chunks_.take(std::string_view(came_).substr(came_at_), capacity);
    came_at_ += step.taken;
    if (step.content.empty()) continue;
    std::memcpy(buffer, step.content.data(), step.content.size());
    taken_ += static_cast<int64_t>(step.content.size());
    return step.content.size();
  }
  return 0;
}

size_t SocketBody::read(char* buffer, size_t capacity) {
  if (size_ < 0) return read_chunked(buffer, capacity);
  capacity = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(capacity), size_ - taken_));
  if (capacity == 0) return 0;
  size_t n = std::min(capacity, came_.size() - came_at_);
  if (n > 0) {
    std::memcpy(buffer, came_.data() + came_at_, n);
    came_at_ += n;
  } else {
    n = receive(buffer, capacity);
  }
  taken_ += static_cast<int64_t>(n);
  return n;
}

size_t SocketBody::receive(char* buffer, size_t capacity) {
  if (std::exchange(ask_, false)) send_all(socket_, "HTTP/1.1 100 Continue\r\n\r\n", patience_);
  for (;;) {
    const int64_t spent_ms = patience_.clock.mono_ms() - began_ms_;
    if (spent_ms > patience_.stall_ms + (taken_ + 1) * kSecond / kLeastBytesASecond)
      throw Error(Fault::deadline, "the body comes slower than 1 KiB a second");
    const ssize_t n = ::recv(socket_, buffer, capacity, 0);
    if (n > 0) return static_cast<size_t>(n);
    if (n == 0) gone();
    if (errno == EAGAIN)
      wait_for(socket_, POLLIN, patience_);
    else if (errno != EINTR)
      gone();
  }
}

}  // namespace stoker::api
