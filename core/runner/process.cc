#include "core/runner/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "core/runner/failure.h"
#include "core/runner/file.h"

namespace stoker::runner {
namespace {

// Reads at most `max_bytes` of a /proc file; empty when the process is gone or not ours to see.
std::string read_proc(pid_t pid, const char* name, size_t max_bytes) {
  const Descriptor file = open_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/" + name, O_RDONLY);
  std::string text;
  char buffer[8192];
  while (file && text.size() < max_bytes) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

}  // namespace

std::optional<Process> find_process(pid_t pid) {
  const std::string stat = read_proc(pid, "stat", 4096);
  // The second field is the program's name in brackets and may hold anything, brackets included.
  const size_t name_end = stat.rfind(')');
  if (pid <= 0 || name_end == std::string::npos) return std::nullopt;
  Process process;
  process.pid = pid;
  long long start = 0;
  if (std::sscanf(stat.c_str() + name_end + 1,
                  " %c %d %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld", &process.state,
                  &process.parent, &process.group, &process.session, &start) != 5)
    return std::nullopt;
  process.start_time = start;
  return process;
}

std::vector<Process> all_processes() {
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) throw system_failure("open /proc");
  std::vector<Process> found;
  while (const dirent* entry = ::readdir(proc)) {
    char* end = nullptr;
    const long pid = std::strtol(entry->d_name, &end, 10);
    if (pid <= 0 || *end != '\0') continue;
    if (auto process = find_process(static_cast<pid_t>(pid))) found.push_back(*process);
  }
  ::closedir(proc);
  return found;
}

bool is_alive(pid_t pid, int64_t start_time) {
  const auto process = find_process(pid);
  return process && process->lives() && process->start_time == start_time;
}

bool carries(pid_t pid, const std::string& entry) {
  // Linux bounds all entries together to a quarter of the stack limit: 2 MiB by default.
  const std::string environment = '\0' + read_proc(pid, "environ", 2 << 20);
  return environment.find('\0' + entry + '\0') != std::string::npos;
}

bool send_signal(const Process& process, int signal) {
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!is_alive(process.pid, process.start_time)) return false;
  if (handle) return ::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0;
  return ::kill(process.pid, signal) == 0;
}

std::string boot_id() {
  const Descriptor file = open_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY);
  if (!file) return {};
  std::string id = read_rest(file.get(), 256, "boot_id");
  while (!id.empty() && (id.back() == '\n' || id.back() == ' ')) id.pop_back();
  return id;
}

}  // namespace stoker::runner
