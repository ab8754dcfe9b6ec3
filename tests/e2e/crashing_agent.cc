// The agent, but killed at a commit that the test names. STOKER_E2E_CRASH is "before N" or "after N", N the number of
// the commit since the start, or its name; the kill is SIGKILL, so nothing is tidied up. The names of the commits come
// to the file STOKER_E2E_TRACE, one a line.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include "core/agent/agent.h"
#include "core/error.h"

namespace {

class CrashGate final : public stoker::store::CommitGate {
 public:
  CrashGate(const std::string& order, const char* trace)
      : before_(order.starts_with("before ")),
        at_(order.substr(order.find(' ') + 1)),
        trace_(::open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  ~CrashGate() override { ::close(trace_); }
  CrashGate(const CrashGate&) = delete;
  CrashGate& operator=(const CrashGate&) = delete;

  void before_commit(const char* what) override {
    if (before_) count(what);
  }
  void after_commit(const char* what) override {
    if (!before_) count(what);
  }

 private:
  void count(const char* what) {
    const std::lock_guard lock(mutex_);
    const std::string line = std::string(what) + "\n";
    if (::write(trace_, line.data(), line.size()) < 0) std::abort();
    if (std::to_string(++commits_) == at_ || at_ == what) ::kill(::getpid(), SIGKILL);
  }

  const bool before_;
  const std::string at_;
  const int trace_;
  std::mutex mutex_;
  int commits_ = 0;
};

}  // namespace

int main() {
  const char* order = ::getenv("STOKER_E2E_CRASH");
  const char* trace = ::getenv("STOKER_E2E_TRACE");
  if (order == nullptr || trace == nullptr) return 2;
  CrashGate gate(order, trace);
  try {
    return stoker::agent::serve(stoker::agent::load_config({}, stoker::agent::process_environment()),
                                stoker::agent::Layout::of_this_program(), {&gate});
  } catch (const stoker::Error& error) {
    std::fprintf(stderr, "crashing-agent: %s\n", error.what());
    return 1;
  }
}
