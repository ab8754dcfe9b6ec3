// bench-listen LINES TIMEOUT_S [CLIENTS PORT PATH TOKEN]: receives stamped lines from standard input, or as Server-Sent
// Events on CLIENTS connections from one thread. Says "ready" on standard error once every answer has begun, and at the
// end, as JSON, how long the lines took and whether each client had each line once and in order, and, where the ids are
// numbers, from the first line on each id.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "tests/bench/stamped_line.h"

namespace stoker::bench {
namespace {

struct Reader {
  int fd = -1;
  std::string rest;  // begins with a line that has not come whole
  bool answered = false, ended = false, numbered = true;
  int64_t last_seq = -1, last_id = 0, faults = 0;
};

class Sink {
 public:
  Sink(int64_t lines, int64_t timeout_s) : lines_(lines), give_up_ns_(mono_ns() + timeout_s * 1'000'000'000) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  }

  void add(int fd, bool answered) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = readers_.size();
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw std::runtime_error("epoll_ctl");
    readers_.push_back({});
    readers_.back().fd = fd;
    readers_.back().answered = answered;
    answered_ += answered ? 1 : 0;
  }

  void await_answers() {
    while (answered_ < readers_.size() && done_ == 0 && mono_ns() < give_up_ns_) turn();
    if (answered_ < readers_.size()) throw std::runtime_error("not every request was answered");
  }

  void run() {
    latencies_.reserve(readers_.size() * static_cast<size_t>(lines_));
    while (done_ < readers_.size() && mono_ns() < give_up_ns_) turn();
  }

  [[nodiscard]] std::string json() {
    int64_t faults = 0, complete = 0, gapless = 0;
    for (const Reader& reader : readers_) {
      faults += reader.faults;
      complete += reader.last_seq == lines_ - 1 && reader.faults == 0;
      gapless += reader.numbered && reader.last_id > 0;
    }
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double part) {
      return latencies_.empty()
                 ? -1.0
                 : static_cast<double>(
                       latencies_[static_cast<size_t>(part * static_cast<double>(latencies_.size() - 1))]) /
                       1e6;
    };
    char text[400];
    std::snprintf(text, sizeof text,
                  "{\"clients\":%zu,\"complete\":%lld,\"gapless_ids\":%lld,\"faults\":%lld,\"received\":%zu,"
                  "\"p50_ms\":%.4f,\"p90_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f}",
                  readers_.size(), static_cast<long long>(complete), static_cast<long long>(gapless),
                  static_cast<long long>(faults), latencies_.size(), at(0.5), at(0.9), at(0.99), at(1));
    return text;
  }

 private:
  void turn() {
    epoll_event events[256];
    const int n = ::epoll_wait(epoll_, events, 256, 100);
    for (int i = 0; i < n; ++i) receive(readers_[events[i].data.u64]);
  }

  void receive(Reader& reader) {
    char buffer[64 * 1024];
    const ssize_t n = ::read(reader.fd, buffer, sizeof buffer);
    const int64_t now = mono_ns();
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return end(reader);
    reader.rest.append(buffer, static_cast<size_t>(n));
    const size_t whole = reader.rest.rfind('\n') + 1;
    std::string_view text = std::string_view(reader.rest).substr(0, whole);
    while (!text.empty()) {
      const size_t size = text.find('\n') + 1;
      take(reader, text.substr(0, size - 1), now);
      text.remove_prefix(size);
    }
    reader.rest.erase(0, whole);
  }

  void take(Reader& reader, std::string_view line, int64_t now) {
    if (!reader.answered) {
      if (!line.starts_with("HTTP/1.1 200")) throw std::runtime_error("answered: " + std::string(line));
      reader.answered = true;
      ++answered_;
      return;
    }
    if (line.starts_with("id: ")) return take_id(reader, line.substr(4));
    Stamp stamp;
    while (next_stamp(line, stamp)) {
      reader.faults += stamp.seq != reader.last_seq + 1;
      reader.last_seq = stamp.seq;
      latencies_.push_back(now - stamp.sent_ns);
      if (stamp.seq == lines_ - 1) end(reader);
    }
  }

  static void take_id(Reader& reader, std::string_view text) {
    int64_t id = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
    reader.numbered = reader.numbered && read.ec == std::errc{} && (reader.last_seq < 0 || id == reader.last_id + 1);
    reader.last_id = id;
  }

  void end(Reader& reader) {
    if (reader.ended) return;
    reader.ended = true;
    ++done_;
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, reader.fd, nullptr);
  }

  int64_t lines_, give_up_ns_;
  int epoll_ = -1;
  std::vector<Reader> readers_;
  size_t answered_ = 0, done_ = 0;
  std::vector<int64_t> latencies_;
};

int connect_to(int port, const std::string& path, const std::string& token) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect");
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                              "\r\nAuthorization: Bearer " + token + "\r\nAccept: text/event-stream\r\n\r\n";
  if (::write(fd, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("write");
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

int run(int argc, char** argv) {
  if (argc != 3 && argc != 7) throw std::invalid_argument("arguments: LINES TIMEOUT_S [CLIENTS PORT PATH TOKEN]");
  Sink sink(std::atoll(argv[1]), std::atoll(argv[2]));
  if (argc == 3) {
    ::fcntl(0, F_SETFL, O_NONBLOCK);
    sink.add(0, true);
  } else {
    // In groups: servers bound how many requests may wait for an answer.
    for (int i = 0; i < std::atoi(argv[3]); ++i) {
      if (i % 50 == 0) sink.await_answers();
      sink.add(connect_to(std::atoi(argv[4]), argv[5], argv[6]), false);
    }
  }
  sink.await_answers();
  std::fputs("ready\n", stderr);
  sink.run();
  std::puts(sink.json().c_str());
  return 0;
}

}  // namespace
}  // namespace stoker::bench

int main(int argc, char** argv) {
  try {
    return stoker::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-listen: %s\n", error.what());
    return 1;
  }
}
