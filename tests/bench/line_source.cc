// bench-lines LINES PER_SECOND SIZE [GO_FILE | PORT PATH]: writes stamped lines at an even pace, to standard output
// once GO_FILE is there, or each as the body of a POST to 127.0.0.1:PORT.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "tests/bench/stamped_line.h"

namespace stoker::bench {
namespace {

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::runtime_error("write");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

int connect_to(const char* port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void post(int fd, const std::string& path, const std::string& body) {
  write_all(fd, "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
  // An answer is far smaller than this, and comes before the next request.
  char answer[4096];
  const ssize_t n = ::read(fd, answer, sizeof answer);
  if (n < 12 || std::string_view(answer + 9, 1) != "2") throw std::runtime_error("the message was not taken");
}

void pace(int64_t begin_ns, int64_t seq, int64_t per_second) {
  const int64_t due = begin_ns + seq * 1'000'000'000 / per_second;
  const timespec at{due / 1'000'000'000, due % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

int run(int argc, char** argv) {
  if (argc < 4 || argc > 6) throw std::invalid_argument("arguments: LINES PER_SECOND SIZE [GO_FILE | PORT PATH]");
  const int64_t lines = std::atoll(argv[1]), per_second = std::atoll(argv[2]);
  const size_t size = std::strtoull(argv[3], nullptr, 10);
  const int fd = argc == 6 ? connect_to(argv[4]) : 1;
  if (argc == 5)
    for (int waited = 0; ::access(argv[4], F_OK) != 0; ++waited) {
      if (waited == 6000) throw std::runtime_error("nobody said go within a minute");
      ::usleep(10'000);
    }
  const int64_t begin_ns = mono_ns();
  for (int64_t seq = 0; seq < lines; ++seq) {
    pace(begin_ns, seq, per_second);
    std::string line = stamped_line(seq, size);
    if (argc < 6) {
      write_all(fd, line);
    } else {
      line.pop_back();
      post(fd, argv[5], line);
    }
  }
  return 0;
}

}  // namespace
}  // namespace stoker::bench

int main(int argc, char** argv) {
  try {
    return stoker::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-lines: %s\n", error.what());
    return 1;
  }
}
