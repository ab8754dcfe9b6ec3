#include "sdk/check/isolated.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/error.h"

namespace stoker::check {
namespace {

constexpr size_t kDoingSize = 256;
constexpr int kReturned = 113;  // the child's own exit status, so that an exit() of the plugin is told from it

char* doing_memory() {
  static char* memory = [] {
    void* made = ::mmap(nullptr, kDoingSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) throw system_error("mmap", errno);
    return static_cast<char*>(made);
  }();
  return memory;
}

std::string in_call() {
  const std::string what = doing_memory();
  return what.empty() ? "" : " in " + what;
}

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

[[noreturn]] void run_child(const std::function<std::string()>& body, int out) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (const int fatal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) ::signal(fatal, SIG_DFL);  // as in no sanitizer
  const std::string text = body();
  for (size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(out, text.data() + done, text.size() - done);
    if (wrote <= 0) break;
    done += static_cast<size_t>(wrote);
  }
  ::_exit(kReturned);
}

std::string death_of(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return "killed by SIG" + std::string(name == nullptr ? "?" : name) + in_call();
  }
  return "it ended the process with status " + std::to_string(WEXITSTATUS(status)) + in_call();
}

void drain(int from, std::string& text) {
  std::array<char, 65536> buffer;
  for (ssize_t got = 0; (got = ::read(from, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<size_t>(got));
}

}  // namespace

void now_doing(const std::string& what) {
  char* memory = doing_memory();
  const size_t size = std::min(what.size(), kDoingSize - 1);
  std::memcpy(memory, what.data(), size);
  memory[size] = '\0';
}

Isolated run_isolated(const std::function<std::string()>& body, int64_t limit_ms) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) throw system_error("pipe2", errno);
  now_doing({});
  const int64_t begun = now_ms();
  const pid_t child = ::fork();
  if (child < 0) throw system_error("fork", errno);
  if (child == 0) {
    ::close(pipe[0]);
    ::fcntl(pipe[1], F_SETFL, 0);
    run_child(body, pipe[1]);
  }
  ::close(pipe[1]);
  Isolated result;
  int status = 0;
  // A process that the plugin left behind may hold the pipe open, so the child's end is what counts.
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (now_ms() - begun > limit_ms) {
      result.end = Isolated::End::timed_out;
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    pollfd ready{pipe[0], POLLIN, 0};
    ::poll(&ready, 1, 5);
    drain(pipe[0], result.text);
  }
  drain(pipe[0], result.text);
  ::close(pipe[0]);
  ::kill(-child, SIGKILL);
  result.ms = now_ms() - begun;
  if (result.end == Isolated::End::timed_out) {
    result.text = "did not end within " + std::to_string(limit_ms / 1000) + " s" + in_call();
  } else if (!WIFEXITED(status) || WEXITSTATUS(status) != kReturned) {
    result.end = Isolated::End::crashed;
    result.text = death_of(status);
  }
  return result;
}

}  // namespace stoker::check
