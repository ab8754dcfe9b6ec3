#include "plugins/local/process.h"

#include <dirent.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <stoker/cpp/failure.hpp>

#include "plugins/record/record.h"

namespace stoker::local {
namespace {

constexpr std::size_t kMaxEnvironBytes = 4U << 20;

template <class T>
bool number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// Empty when the process is gone or not ours to look at.
std::string proc_file(pid_t pid, const char* name, std::size_t limit) {
  try {
    return record::read_text("/proc/" + std::to_string(pid) + "/" + name, limit).value_or("");
  } catch (const Failure&) {  // EACCES, ESRCH: not a process of the instance, or it has just ended
    return {};
  }
}

bool has_mark(pid_t pid, std::string_view mark) {
  const std::string environment = proc_file(pid, "environ", kMaxEnvironBytes);
  std::string_view rest = environment;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\0'), rest.size());
    if (rest.substr(0, end) == mark) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::vector<ProcessStat> all_processes() {
  std::vector<ProcessStat> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), &::closedir);
  if (!folder) throw Failure{STOKER_E_UNAVAILABLE, std::string("cannot read /proc: ") + std::strerror(errno)};
  while (const dirent* entry = ::readdir(folder.get())) {
    pid_t pid = 0;
    if (!number(entry->d_name, pid)) continue;
    if (const auto stat = stat_of(pid)) processes.push_back(*stat);
  }
  return processes;
}

// glibc 2.36 declares the pidfd functions without extern "C", so they are called by number.
// An open handle on the very process, or nothing when it has ended.
class Handle {
 public:
  explicit Handle(const ProcessId& process) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0))) {
    const auto stat = stat_of(process.pid);
    if (fd_ >= 0 && (!stat || stat->id != process)) {
      ::close(fd_);
      fd_ = -1;
    }
  }
  ~Handle() {
    if (fd_ >= 0) ::close(fd_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::optional<ProcessStat> parse_stat(std::string_view text) {
  // "pid (name) state parent ..."; the name may hold anything, so the last parenthesis ends it.
  const auto open = text.find(" (");
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  ProcessStat stat;
  if (!number(text.substr(0, open), stat.id.pid)) return std::nullopt;
  std::string_view rest = text.substr(close + 1);
  for (int field = 3; field <= 22; ++field) {
    if (rest.empty() || rest.front() != ' ') return std::nullopt;
    rest.remove_prefix(1);
    const auto word = rest.substr(0, std::min(rest.find_first_of(" \n"), rest.size()));
    rest.remove_prefix(word.size());
    if (field == 3 && word.size() == 1) stat.state = word.front();
    if (field == 4 && !number(word, stat.parent)) return std::nullopt;
    if (field == 22 && !number(word, stat.id.start)) return std::nullopt;
  }
  return stat;
}

std::optional<ProcessStat> stat_of(pid_t pid) { return parse_stat(proc_file(pid, "stat", 4096)); }

std::string boot_id() {
  auto text = record::read_text("/proc/sys/kernel/random/boot_id", 64);
  if (!text || text->empty())
    throw Failure{STOKER_E_UNSUPPORTED, "this machine has no /proc/sys/kernel/random/boot_id"};
  return text->substr(0, text->find('\n'));
}

bool alive(const ProcessId& process) {
  if (process.pid <= 0) return false;
  const auto stat = stat_of(process.pid);
  if (!stat || stat->id != process) return false;
  if (stat->state != 'Z' && stat->state != 'X') return true;
  if (stat->parent == ::getpid()) ::waitpid(process.pid, nullptr, WNOHANG);
  return false;
}

std::set<ProcessId> marked(std::string_view mark, std::optional<ProcessId> root) {
  const auto processes = all_processes();
  std::multimap<pid_t, const ProcessStat*> children;
  std::vector<const ProcessStat*> open;
  for (const auto& process : processes) {
    children.emplace(process.parent, &process);
    if (process.id == root || has_mark(process.id.pid, mark)) open.push_back(&process);
  }
  std::set<ProcessId> found;
  while (!open.empty()) {
    const ProcessStat* process = open.back();
    open.pop_back();
    if (process->id.pid == ::getpid() || !found.insert(process->id).second) continue;
    const auto [first, last] = children.equal_range(process->id.pid);
    for (auto child = first; child != last; ++child) open.push_back(child->second);
  }
  std::erase_if(found, [](const ProcessId& process) { return !alive(process); });
  return found;
}

void signal_all(const std::set<ProcessId>& processes, int signal) {
  for (const auto& process : processes) {
    const Handle handle(process);
    if (handle.fd() < 0) continue;
    if (::syscall(SYS_pidfd_send_signal, handle.fd(), signal, nullptr, 0) != 0 && errno != ESRCH) {
      throw Failure{STOKER_E_UNAVAILABLE,
                    "cannot end process " + std::to_string(process.pid) + " of the instance: " + std::strerror(errno)};
    }
  }
}

bool wait_all(const std::set<ProcessId>& processes, int timeout_ms) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (const auto& process : processes) {
    const Handle handle(process);
    while (handle.fd() >= 0 && alive(process)) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0) return false;
      pollfd waiting{handle.fd(), POLLIN, 0};
      ::poll(&waiting, 1, static_cast<int>(left));
    }
  }
  return true;
}

}  // namespace stoker::local
