// The time that fakecloud shows in a file: it passes several times as fast as real time, and waits for a cloud that can
// not keep up.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

#include "core/clock.h"

namespace stoker::e2e {

class FastClock final : public Clock {
 public:
  // `file`: as tests/fakecloud/virtual_clock.py describes it. `speed`: how fast it is at most.
  FastClock(const std::string& file, double speed) : speed_(speed), shown_ms_(mapped(file)) {}

  [[nodiscard]] int64_t wall_ms() const override { return shown(); }
  [[nodiscard]] int64_t mono_ms() const override { return shown(); }
  void wait(Signal& signal, uint64_t seen, const Wait& until) override {
    while (signal.count() == seen && !until.cancel.stop_requested() && shown() < until.deadline_ms) {
      Wait real = until;
      if (until.deadline_ms != INT64_MAX) real.deadline_ms = real_.mono_ms() + real_ms(until.deadline_ms - shown());
      real_.wait(signal, seen, real);
    }
  }
  [[nodiscard]] std::thread start(const std::string& name, std::function<void()> run) override {
    return real_.start(name, std::move(run));
  }

 private:
  static int64_t* mapped(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    void* at = fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) ::close(fd);
    if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), file);
    return static_cast<int64_t*>(at);
  }
  [[nodiscard]] int64_t shown() const { return std::atomic_ref(*shown_ms_).load(); }
  [[nodiscard]] int64_t real_ms(int64_t fast_ms) const {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(fast_ms) / speed_));
  }

  SystemClock real_;
  const double speed_;
  int64_t* const shown_ms_;  // mapped as long as the program runs
};

}  // namespace stoker::e2e
