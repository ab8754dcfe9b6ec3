#include "core/runner/tail.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "core/runner/clock.h"
#include "core/runner/failure.h"
#include "core/runner/phase.h"

namespace stoker::runner {
namespace {

constexpr size_t kChunk = 256 * 1024;
constexpr int64_t kFallbackPollMs = 1000;  // file systems and sandboxes without inotify
constexpr size_t kHeader = 5;

void put_le(char* to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to[i] = static_cast<char>(value >> (8 * i));
}

class Tail {
 public:
  Tail(const Job& job, const TailOptions& options) : job_(job), options_(options), offset_(options.from) {
    if (!options.follow) return;
    watch_ = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (watch_) (void)::inotify_add_watch(watch_.get(), job.folder.c_str(), IN_CREATE | IN_MOVED_TO);
  }

  void run() {
    for (;;) {
      const PhaseStatus status = phase_status(job_, options_.phase);
      open_log();
      send_log(status.ended() ? status.log_bytes : INT64_MAX);
      if (status.ended()) return send(kTailExit, status.json());
      if (!options_.follow || !wait_for_change()) return;
    }
  }

 private:
  // The log may appear late, and may be replaced.
  void open_log() {
    struct stat named{}, held{};
    if (::fstatat(job_.dir.get(), "log", &named, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (log_ && ::fstat(log_.get(), &held) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev) return;
    if (log_) send_log(INT64_MAX);
    log_ = open_at(job_.dir.get(), "log", O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (log_ && watch_)
      log_watch_ =
          ::inotify_add_watch(watch_.get(), ("/proc/self/fd/" + std::to_string(log_.get())).c_str(), IN_MODIFY);
  }

  void send_log(int64_t limit) {
    struct stat info{};
    if (!log_ || ::fstat(log_.get(), &info) != 0) return;
    if (info.st_size < offset_ && info.st_size < size_seen_) send_gap(info.st_size, std::min(offset_, size_seen_));
    size_seen_ = info.st_size;
    while (offset_ < limit) {
      const size_t want = static_cast<size_t>(std::min<int64_t>(kChunk, limit - offset_));
      const ssize_t got = ::pread(log_.get(), buffer_.data() + kHeader + 8, want, offset_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw system_failure("read the log");
      if (got == 0) return;
      put_le(buffer_.data() + kHeader, static_cast<uint64_t>(offset_), 8);
      send_frame(kTailData, 8 + static_cast<size_t>(got));
      offset_ += got;
      size_seen_ = std::max(size_seen_, offset_);
    }
  }

  void send_gap(int64_t from, int64_t to) {
    std::string payload(16, '\0');
    put_le(payload.data(), static_cast<uint64_t>(from), 8);
    put_le(payload.data() + 8, static_cast<uint64_t>(to), 8);
    send(kTailGap, payload);
  }

  void send(uint8_t type, std::string_view payload) {
    payload.copy(buffer_.data() + kHeader, payload.size());
    send_frame(type, payload.size());
  }

  void send_frame(uint8_t type, size_t payload) {
    buffer_[0] = static_cast<char>(type);
    put_le(buffer_.data() + 1, payload, 4);
    write_all(options_.output, {buffer_.data(), kHeader + payload}, "the log to the agent");
    sent_ms_ = mono_ms();
  }

  // True: the folder changed or it is time to look. The log's own bytes are sent from here, without a look at the
  // phase. False: the reader is gone.
  bool wait_for_change() {
    const int64_t look_ms = mono_ms() + kFallbackPollMs;
    for (;;) {
      const int64_t now = mono_ms();
      if (now - sent_ms_ >= options_.beat_ms) send_frame(kTailBeat, 0);
      if (now >= look_ms) return true;
      pollfd files[] = {{options_.input, POLLIN, 0}, {options_.output, 0, 0}, {watch_.get(), POLLIN, 0}};
      const int64_t timeout = std::min(look_ms - now, std::max<int64_t>(1, sent_ms_ + options_.beat_ms - now));
      if (::poll(files, 3, static_cast<int>(timeout)) < 0 && errno != EINTR) throw system_failure("poll");
      if (files[1].revents != 0) return false;
      if (files[0].revents != 0 && !input_open()) return false;
      if (files[2].revents == 0) continue;
      const bool folder_changed = read_events();
      send_log(INT64_MAX);
      if (folder_changed) return true;
    }
  }

  [[nodiscard]] bool input_open() const {
    char ignored[256];
    const ssize_t got = ::read(options_.input, ignored, sizeof ignored);
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
  }

  // True when something beside the log's content changed.
  bool read_events() {
    alignas(inotify_event) char events[4096];
    bool folder_changed = false;
    ssize_t got;
    while ((got = ::read(watch_.get(), events, sizeof events)) > 0)
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(events + at);
        folder_changed |= event->wd != log_watch_;
        at += static_cast<ssize_t>(sizeof *event + event->len);
      }
    return folder_changed;
  }

  const Job& job_;
  const TailOptions& options_;
  Descriptor log_, watch_;
  int log_watch_ = -1;
  int64_t offset_, size_seen_ = INT64_MAX;
  int64_t sent_ms_ = mono_ms();
  std::vector<char> buffer_ = std::vector<char>(kHeader + 8 + kChunk);
};

}  // namespace

void tail_log(const Job& job, const TailOptions& options) {
  try {
    Tail(job, options).run();
  } catch (const Failure&) {
    pollfd output{options.output, 0, 0};
    const bool reader_gone = ::poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    if (!reader_gone) throw;
  }
}

}  // namespace stoker::runner
