#include "core/runner/daemon.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/runner/failure.h"
#include "core/runner/file.h"
#include "core/runner/protocol.h"

namespace stoker::runner {
namespace {

void detach(std::vector<int> keep) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || ::dup2(null, 0) < 0 || ::dup2(null, 1) < 0 || ::dup2(null, 2) < 0)
    throw system_failure("open /dev/null");
  DIR* open_files = ::opendir("/proc/self/fd");
  if (open_files == nullptr) throw system_failure("open /proc/self/fd");
  keep.push_back(::dirfd(open_files));
  std::vector<int> others;
  while (const dirent* entry = ::readdir(open_files)) {
    const int fd = std::atoi(entry->d_name);
    if (fd > 2 && std::find(keep.begin(), keep.end(), fd) == keep.end()) others.push_back(fd);
  }
  for (const int fd : others) ::close(fd);
  ::closedir(open_files);
  // Polite requests are for the training; its supervisor lives until it has recorded the end.
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU})
    ::signal(signal, SIG_IGN);
}

// The report is one byte, the exit code, and the message of a failure.
void send_report(Descriptor& pipe, int code, const std::string& message) {
  std::string report(1, static_cast<char>(code));
  report += message;
  // A starter that is gone is no reason to stop.
  (void)!::write(pipe.get(), report.data(), report.size());
  pipe.reset();
}

[[noreturn]] void run_daemon(Descriptor& report, std::vector<int> keep,
                             const std::function<void(const Report&)>& body) {
  int code = 0;
  keep.push_back(report.get());
  try {
    detach(keep);
    body([&report] { send_report(report, 0, ""); });
  } catch (const Failure& e) {
    code = e.exit_code;
    if (report) send_report(report, code, e.what());
  } catch (const std::exception& e) {
    code = kExitFailed;
    if (report) send_report(report, code, e.what());
  }
  ::_exit(code);
}

}  // namespace

void start_daemon(const std::vector<int>& keep, const std::function<void(const Report&)>& body) {
  Pipe pipe = make_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw system_failure("fork");
  if (child == 0) {
    ::setsid();
    const pid_t daemon = ::fork();
    if (daemon < 0) send_report(pipe.write, kExitFailed, system_failure("fork").what());
    if (daemon == 0) run_daemon(pipe.write, keep, body);
    ::_exit(0);
  }
  pipe.write.reset();
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  const std::string report = read_rest(pipe.read.get(), 64 << 10, "the report of the supervisor");
  if (report.empty()) throw Failure(kExitFailed, "the supervisor died before the command was running");
  if (report[0] != 0) throw Failure(report[0], report.substr(1));
}

}  // namespace stoker::runner
