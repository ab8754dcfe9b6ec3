// The agent, but on the clock that the file STOKER_E2E_CLOCK shows, at most STOKER_E2E_SPEED times as fast as real
// time, and killed or held at a commit that the test names. STOKER_E2E_GATE is "kill before C", "kill after C" or "hold
// after C", where C is a commit's name or its number since the start. The kill is SIGKILL, so nothing is tidied up; the
// thread of the first such commit is held until the file STOKER_E2E_TRACE.go exists. The names of the commits come to
// the file STOKER_E2E_TRACE, one a line. Without a gate nothing of that happens.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>

#include "core/agent/agent.h"
#include "core/error.h"
#include "tests/e2e/fast_clock.h"

namespace {

class TestGate final : public stoker::store::CommitGate {
 public:
  TestGate(const std::string& order, std::string trace)
      : trace_(std::move(trace)), file_(::open(trace_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    std::istringstream words(order);
    words >> act_ >> side_ >> std::ws;
    std::getline(words, at_);
  }
  ~TestGate() override { ::close(file_); }
  TestGate(const TestGate&) = delete;
  TestGate& operator=(const TestGate&) = delete;

  void before_commit(const char* what) override {
    if (side_ == "before" && is_it(what)) act();
  }
  void after_commit(const char* what) override {
    if (side_ == "after" && is_it(what)) act();
  }

 private:
  bool is_it(const char* what) {
    const std::lock_guard lock(mutex_);
    const std::string line = std::string(what) + "\n";
    if (::write(file_, line.data(), line.size()) < 0) std::abort();
    if (done_ || (std::to_string(++commits_) != at_ && at_ != what)) return false;
    return done_ = true;
  }

  void act() const {
    if (act_ == "kill") ::kill(::getpid(), SIGKILL);
    ::close(::open((trace_ + ".held").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    while (::access((trace_ + ".go").c_str(), F_OK) != 0) ::usleep(2000);
  }

  const std::string trace_;
  const int file_;
  std::string act_, side_, at_;
  std::mutex mutex_;
  int commits_ = 0;
  bool done_ = false;
};

}  // namespace

int main() {
  const char* order = ::getenv("STOKER_E2E_GATE");
  const char* trace = ::getenv("STOKER_E2E_TRACE");
  const char* file = ::getenv("STOKER_E2E_CLOCK");
  const char* speed = ::getenv("STOKER_E2E_SPEED");
  if ((order == nullptr) != (trace == nullptr) || (file == nullptr) != (speed == nullptr)) return 2;
  std::optional<TestGate> gate;
  if (order != nullptr) gate.emplace(order, trace);
  std::optional<stoker::e2e::FastClock> clock;
  if (speed != nullptr) clock.emplace(file, std::atof(speed));
  try {
    return stoker::agent::serve(stoker::agent::load_config({}, stoker::agent::process_environment()),
                                stoker::agent::Layout::of_this_program(),
                                {gate ? &*gate : nullptr, clock ? &*clock : nullptr});
  } catch (const stoker::Error& error) {
    std::fprintf(stderr, "gated-agent: %s\n", error.what());
    return 1;
  }
}
