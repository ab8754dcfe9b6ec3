#include "core/cli/start_agent.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/cli/agent_client.h"
#include "core/error.h"
#include "core/private_file.h"

namespace stoker::cli {
namespace {

constexpr int64_t kLookEvery = 50;
constexpr int64_t kRivalMs = 5 * kSecond;  // an agent that ends at once may have lost the race against another one

// What the agent said last: its error where it printed one, else its last line.
std::string last_words(const std::filesystem::path& file) {
  std::string text;
  try {
    text = "\n" + read_file(file, 64 << 20);
  } catch (const Error&) {
    return {};
  }
  while (text.ends_with('\n')) text.pop_back();
  const std::string mark = "\nstoker: ";
  size_t begin = text.rfind(mark);
  begin = begin == std::string::npos ? text.rfind('\n') + 1 : begin + mark.size();
  return begin < text.size() ? text.substr(begin, text.find('\n', begin) - begin) : std::string();
}

pid_t spawn(const BackgroundAgent& agent, const std::filesystem::path& log) {
  std::vector<std::string> words = {"stoker"};
  words.insert(words.end(), agent.arguments.begin(), agent.arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int fault = ::posix_spawn(&pid, agent.program.c_str(), &files, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (fault != 0) throw system_error("can not start " + agent.program.string(), fault);
  return pid;
}

}  // namespace

int start_agent(const BackgroundAgent& agent, const std::function<bool()>& answers, Clock& clock, const Wait& wait) {
  ensure_private_folder(agent.state_dir);
  const auto log = agent.state_dir / "agent.log";
  const pid_t pid = spawn(agent, log);
  Wait until = wait;
  bool ended = false;
  while (!answers()) {
    if (!ended && ::waitpid(pid, nullptr, WNOHANG) == pid) {
      ended = true;
      until = wait.until(clock.mono_ms() + kRivalMs);
    }
    if (clock.mono_ms() >= until.deadline_ms || until.cancel.stop_requested()) {
      const std::string line = last_words(log);
      Error error(Fault::unavailable,
                  std::string("the agent that was started ") + (ended ? "ended at once" : "does not answer") +
                      (line.empty() ? "" : ": " + line),
                  "see " + log.string() + ", or run `stoker serve` by hand");
      error.code = kNoAgent;
      throw error;
    }
    clock.sleep(kLookEvery, until);
  }
  return pid;
}

}  // namespace stoker::cli
