#include "tests/e2e/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;

std::vector<char*> pointers(const Words& words) {
  std::vector<char*> result;
  for (const std::string& word : words) result.push_back(const_cast<char*>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

pid_t spawn(const Words& words, const Words& environment, const fs::path& out, const fs::path& err) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, out.c_str(), kAppend, 0600);
  ::posix_spawn_file_actions_addopen(&files, 2, err.c_str(), kAppend, 0600);
  pid_t pid = -1;
  const int fault =
      ::posix_spawnp(&pid, words.at(0).c_str(), &files, nullptr, pointers(words).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  if (fault != 0) throw std::system_error(fault, std::generic_category(), words.at(0));
  return pid;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, int64_t within_ms) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(within_ms);
  // What takes long is asked for more seldom, so that asking does not keep it from coming.
  auto pause = std::chrono::microseconds(2000);
  for (; !condition(); pause = std::min(pause * 5 / 4, std::chrono::microseconds(50'000))) {
    if (Clock::now() > until) return condition();
    std::this_thread::sleep_for(pause);
  }
  return true;
}

pid_t start(const Words& words, const Words& environment, const fs::path& output) {
  return spawn(words, environment, output, output);
}

std::optional<int> wait_for(pid_t pid, int64_t within_ms) {
  int status = 0;
  if (!eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }, within_ms)) return std::nullopt;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result run(const Words& words, const Words& environment, int64_t within_ms) {
  std::string folder = fs::temp_directory_path() / "stoker-run-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw std::system_error(errno, std::generic_category(), folder);
  const fs::path out = fs::path(folder) / "out", err = fs::path(folder) / "err";
  const pid_t pid = spawn(words, environment, out, err);
  Result result;
  if (const auto code = wait_for(pid, within_ms)) {
    result.code = *code;
  } else {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  result.out = content(out);
  result.err = content(err);
  fs::remove_all(folder);
  return result;
}

std::string command_line(pid_t pid) { return content("/proc/" + std::to_string(pid) + "/cmdline"); }

std::vector<pid_t> processes_with(const std::string& text) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const pid_t pid = std::stoi(name);
    if (pid == ::getpid()) continue;
    if (content(entry.path() / "environ").find(text) != std::string::npos ||
        command_line(pid).find(text) != std::string::npos)
      found.push_back(pid);
  }
  return found;
}

std::string content(const fs::path& file) {
  // A process may end while its files are read: what came until then is the content.
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace stoker::e2e
