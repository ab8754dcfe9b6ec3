// The agent, but on the clock that the file STOKER_E2E_CLOCK shows, at most STOKER_E2E_SPEED times as fast as real
// time, and killed or held at a commit that the test names. STOKER_E2E_GATE is "kill before C", "kill after C" or "hold
// after C", where C is a commit's name or its number since the start. The kill is SIGKILL, so nothing is tidied up; the
// thread of the first such commit is held until the file STOKER_E2E_TRACE.go exists. The names of the commits come to
// the file STOKER_E2E_TRACE, one a line. Without a gate nothing of that happens.
//
// `gated-agent panic [PROVIDER KEY=VALUE...]` is `stoker panic --yes` on that clock.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/agent/agent.h"
#include "core/agent/panic.h"
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

int panic(const std::vector<std::string>& words, const stoker::agent::Config& config, stoker::Clock* clock) {
  stoker::cli::PanicOptions options;
  options.tell = [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); };
  if (!words.empty()) options.provider = words[0];
  for (size_t i = 1; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    options.values.emplace_back(words[i].substr(0, equals), words[i].substr(equals + 1));
  }
  const auto outcome = stoker::agent::panic(options, config, stoker::agent::Layout::of_this_program(), clock);
  for (const std::string& one : outcome.destroyed) std::printf("destroyed %s\n", one.c_str());
  for (const std::string& one : outcome.left) std::printf("left %s\n", one.c_str());
  return outcome.left.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
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
    const auto config = stoker::agent::load_config({}, stoker::agent::process_environment());
    if (argc > 1 && std::string(argv[1]) == "panic")
      return panic({argv + 2, argv + argc}, config, clock ? &*clock : nullptr);
    return stoker::agent::serve(config, stoker::agent::Layout::of_this_program(),
                                {gate ? &*gate : nullptr, clock ? &*clock : nullptr});
  } catch (const stoker::Error& error) {
    std::fprintf(stderr, "gated-agent: %s\n", error.what());
    return 1;
  }
}
