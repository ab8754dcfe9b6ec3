#include "plugins/local/launch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/process.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/posix.hpp>
#include <chrono>
#include <csignal>
#include <stoker/cpp/failure.hpp>

#include "plugins/record/record.h"

namespace stoker::local {
namespace {

namespace bp = boost::process;

constexpr std::size_t kMaxOutputBytes = 64 * 1024;

// In the child, between fork and exec: system calls only. Boost.Process leaves every descriptor of the parent open, and
// a child inherits the parent's blocked and ignored signals.
void start_clean() {
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  ::umask(022);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal = 1; signal < 32; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
  }
}

// In the child: copies /proc/self/stat to `file`; false when it could not.
bool leave_stat(const char* file) {
  char text[1024];
  const int in = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (in < 0) return false;
  const ssize_t size = ::read(in, text, sizeof(text));
  ::close(in);
  const int out = ::open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (size <= 0 || out < 0) return false;
  const bool written = ::write(out, text, static_cast<std::size_t>(size)) == size && ::fsync(out) == 0;
  ::close(out);
  return written;
}

struct Pipe {
  Pipe() {
    if (::pipe2(fd, O_CLOEXEC) != 0) throw Failure{STOKER_E_UNAVAILABLE, "cannot make a pipe: too many open files"};
  }
  ~Pipe() {
    ::close(fd[0]);
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_writer() {
    if (fd[1] >= 0) ::close(fd[1]);
    fd[1] = -1;
  }
  int fd[2] = {-1, -1};
};

// Reads to the end of the stream; false when `timeout_ms` passed first.
bool drain(int fd, std::string& into, int timeout_ms) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
  char buffer[4096];
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) return false;
    const auto got = ::read(fd, buffer, sizeof(buffer));
    if (got == 0) return true;
    if (got < 0) continue;
    into.append(buffer, std::min(static_cast<std::size_t>(got), kMaxOutputBytes - into.size()));
  }
}

}  // namespace

ToolResult run_tool(const std::string& program, const std::vector<std::string>& arguments, int timeout_ms) {
  Pipe pipe;
  std::error_code error;
  bp::child child(
      bp::exe = program, bp::args = arguments, bp::std_in < bp::null, bp::posix::fd.bind(1, pipe.fd[1]),
      bp::posix::fd.bind(2, pipe.fd[1]), error, bp::extend::on_exec_setup = [](auto&) { start_clean(); });
  if (error) return {127, program + ": " + error.message()};
  pipe.close_writer();
  ToolResult result;
  const bool ended = drain(pipe.fd[0], result.output, timeout_ms);
  if (!ended) child.terminate(error);
  child.wait(error);
  result.exit_code = ended ? child.exit_code() : 124;
  return result;
}

ProcessId start_detached(const std::string& program, const std::vector<std::string>& arguments,
                         const std::vector<std::pair<std::string, std::string>>& environment,
                         const std::filesystem::path& stat_file) {
  bp::environment variables;
  for (const auto& [name, value] : environment) variables[name] = value;
  std::error_code error;
  const char* const stat_path = stat_file.c_str();
  bp::child child(
      bp::exe = program, bp::args = arguments, variables, bp::std_in<bp::null, bp::std_out> bp::null,
      bp::std_err > bp::null, error, bp::extend::on_exec_setup = [stat_path](auto&) {
        start_clean();
        ::setsid();
        if (!leave_stat(stat_path)) ::_exit(126);
      });
  if (error) throw Failure{STOKER_E_UNAVAILABLE, "cannot start " + program + ": " + error.message()};
  const pid_t pid = child.id();
  child.detach();
  // exec() is over when the constructor returns, and the file was written before it.
  const auto stat = parse_stat(record::read_text(stat_file, 4096).value_or(""));
  if (!stat || stat->id.pid != pid) {
    ::waitpid(pid, nullptr, WNOHANG);
    throw Failure{STOKER_E_UNAVAILABLE, "cannot start " + program + ": cannot write " + stat_file.string()};
  }
  return stat->id;
}

}  // namespace stoker::local
