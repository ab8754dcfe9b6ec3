#include "core/remote/exec_channel.h"

#include <algorithm>
#include <vector>

namespace stoker::remote {
namespace {

constexpr size_t kInputBuffer = 256 << 10;  // measured: larger ones bring nothing
constexpr size_t kOutputBuffer = 256 << 10;
constexpr size_t kErrorTail = 4 << 10;
constexpr int64_t kKeepaliveMs = 10 * kSecond;
constexpr int64_t kCloseMs = 2 * kSecond;
constexpr unsigned kWindow = 2 << 20;  // measured best: 256 KiB is 0.9 times as fast, 64 MiB 0.4 times

class Command {
 public:
  Command(SshTransport& transport, Poller& poller, const Exec& exec, const std::string& doing)
      : transport_(transport), poller_(poller), exec_(exec), doing_(doing) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  // A channel that was not closed to the end leaves a session nobody can use.
  ~Command() {
    if (!closed_) transport_.kill();
    for (int round = 0; channel_ != nullptr && round < 64; ++round)
      if (libssh2_channel_free(channel_) != LIBSSH2_ERROR_EAGAIN) break;
  }

  ExecResult run() {
    open();
    while (!stopped_ && !ended_) {
      poller_.check(doing_);
      // Nothing else while libssh2 holds half a packet: it must get the same call with the same bytes again.
      bool moved = write_input();
      if (!half_sent_) {
        moved |= read_output();
        moved |= read_errors();
      }
      if (moved) last_moved_ms_ = poller_.now_ms();
      if (!moved && !stopped_ && !finished()) idle();
    }
    if (stopped_) return stop();
    close();
    return result();
  }

 private:
  void open() {
    LIBSSH2_SESSION* session = transport_.get();
    for (;;) {
      channel_ = libssh2_channel_open_ex(session, "session", 7, kWindow, LIBSSH2_CHANNEL_PACKET_DEFAULT, nullptr, 0);
      if (channel_ != nullptr) break;
      const int code = libssh2_session_last_errno(session);
      if (code != LIBSSH2_ERROR_EAGAIN) throw transport_.failure(code, doing_);
      transport_.wait(poller_, kMinute, doing_);
    }
    const auto size = static_cast<unsigned>(exec_.command.size());
    require(transport_.repeat(poller_, doing_, [&] {
      return libssh2_channel_process_startup(channel_, "exec", 4, exec_.command.data(), size);
    }));
    if (exec_.input) input_.resize(kInputBuffer);
    input_done_ = !exec_.input && exec_.hold_input;
    output_.resize(kOutputBuffer);
    last_moved_ms_ = last_tick_ms_ = last_sent_ms_ = poller_.now_ms();
  }

  void require(int code) {
    if (code < 0) throw transport_.failure(code, doing_);
  }

  // True when bytes went into the channel.
  bool write_input() {
    if (input_done_ || half_read_) return false;
    if (input_at_ == input_end_ && !input_over_) {
      input_at_ = 0;
      input_end_ = exec_.input ? std::min(exec_.input(input_.data(), input_.size()), input_.size()) : 0;
      input_over_ = input_end_ == 0;
    }
    if (input_over_) return send_end();
    const ssize_t sent = libssh2_channel_write(channel_, input_.data() + input_at_, input_end_ - input_at_);
    half_sent_ = sent == LIBSSH2_ERROR_EAGAIN && sending();
    if (sent == LIBSSH2_ERROR_EAGAIN || sent == 0) return false;
    if (sent < 0) return input_failed(static_cast<int>(sent));
    input_at_ += static_cast<size_t>(sent);
    last_sent_ms_ = poller_.now_ms();
    return true;
  }

  bool send_end() {
    const int code = libssh2_channel_send_eof(channel_);
    half_sent_ = code == LIBSSH2_ERROR_EAGAIN && sending();
    if (code == LIBSSH2_ERROR_EAGAIN) return false;
    if (code < 0) return input_failed(code);
    input_done_ = true;
    return true;
  }

  // A command may end before it has read its input; its exit code then says why.
  bool input_failed(int code) {
    if (code != LIBSSH2_ERROR_CHANNEL_CLOSED && code != LIBSSH2_ERROR_CHANNEL_EOF_SENT &&
        !libssh2_channel_eof(channel_))
      throw transport_.failure(code, doing_);
    return input_done_ = true;
  }

  [[nodiscard]] bool sending() const {
    return (libssh2_session_block_directions(transport_.get()) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0;
  }

  bool read_output() {
    const ssize_t got = libssh2_channel_read_ex(channel_, 0, output_.data(), output_.size());
    half_read_ = got == LIBSSH2_ERROR_EAGAIN && sending();
    if (got == LIBSSH2_ERROR_EAGAIN || got == 0) return false;
    require(static_cast<int>(got));
    if (exec_.output && !exec_.output({output_.data(), static_cast<size_t>(got)})) stopped_ = true;
    return true;
  }

  bool read_errors() {
    char buffer[4096];
    if (half_read_) return false;
    const ssize_t got = libssh2_channel_read_ex(channel_, SSH_EXTENDED_DATA_STDERR, buffer, sizeof buffer);
    half_read_ = got == LIBSSH2_ERROR_EAGAIN && sending();
    if (got == LIBSSH2_ERROR_EAGAIN || got == 0) return false;
    require(static_cast<int>(got));
    error_tail_.append(buffer, static_cast<size_t>(got));
    if (error_tail_.size() > 2 * kErrorTail) error_tail_.erase(0, error_tail_.size() - kErrorTail);
    return true;
  }

  // The end of both outputs is seen; what remains is the exit code.
  bool finished() {
    if (half_sent_ || half_read_ || libssh2_channel_eof(channel_) != 1) return false;
    const int code = libssh2_channel_wait_closed(channel_);
    if (code == LIBSSH2_ERROR_EAGAIN) return false;
    require(code);
    return ended_ = true;
  }

  void idle() {
    const int64_t now = poller_.now_ms();
    const int64_t due = std::max(last_moved_ms_, last_tick_ms_) + exec_.tick_ms;
    if (now >= due) {
      last_tick_ms_ = now;
      if (exec_.tick && !exec_.tick()) stopped_ = true;
      return;
    }
    if (!half_sent_ && !half_read_ && now - last_sent_ms_ >= kKeepaliveMs) {
      last_sent_ms_ = now;
      int next = 0;
      libssh2_keepalive_config(transport_.get(), 0, 1);
      require(libssh2_keepalive_send(transport_.get(), &next));
    }
    transport_.wait(poller_, std::min(due, last_sent_ms_ + kKeepaliveMs) - now, doing_);
  }

  // Stopped from our side: what is half sent must go out first, and the other side gets little time to agree.
  ExecResult stop() {
    const int64_t give_up_ms = poller_.now_ms() + kCloseMs;
    while (poller_.now_ms() < give_up_ms) {
      if (half_sent_) {
        write_input();
      } else if (half_read_) {
        read_output();
      } else {
        const int code = libssh2_channel_close(channel_);
        closed_ = code == 0;
        if (code != LIBSSH2_ERROR_EAGAIN) break;
      }
      transport_.wait(poller_, 100, doing_);
    }
    return result();
  }

  void close() {
    require(transport_.repeat(poller_, doing_, [&] { return libssh2_channel_close(channel_); }));
    closed_ = true;
  }

  ExecResult result() {
    ExecResult result;
    result.exit_code = libssh2_channel_get_exit_status(channel_);
    char* signal = nullptr;
    size_t size = 0;
    libssh2_channel_get_exit_signal(channel_, &signal, &size, nullptr, nullptr, nullptr, nullptr);
    if (signal != nullptr) result.exit_signal.assign(signal, std::min<size_t>(size, 32));
    libssh2_free(transport_.get(), signal);
    if (error_tail_.size() > kErrorTail) error_tail_.erase(0, error_tail_.size() - kErrorTail);
    result.error_tail = std::move(error_tail_);
    return result;
  }

  SshTransport& transport_;
  Poller& poller_;
  const Exec& exec_;
  const std::string& doing_;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  std::vector<char> input_, output_;
  size_t input_at_ = 0, input_end_ = 0;
  std::string error_tail_;
  int64_t last_moved_ms_ = 0, last_tick_ms_ = 0, last_sent_ms_ = 0;
  bool input_over_ = false, input_done_ = false;
  bool half_sent_ = false, half_read_ = false;  // a read may send, too: it widens the window
  bool stopped_ = false, ended_ = false, closed_ = false;
};

}  // namespace

ExecResult run_command(SshTransport& transport, Poller& poller, const Exec& exec, const std::string& doing) {
  return Command(transport, poller, exec, doing).run();
}

}  // namespace stoker::remote
