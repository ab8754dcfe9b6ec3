#include "plugins/aws/credential_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

namespace stoker::aws {
namespace {

constexpr std::size_t kMostBytes = 64 << 10;
constexpr auto kLongest = std::chrono::minutes(1);
constexpr int kLookMs = 100;

Failure refused(const std::string& why) {
  return Failure{STOKER_E_AUTH, "aws: credential_process " + why}.blame("profile").hint(
      "run it by hand: it has to print a JSON object with AccessKeyId and SecretAccessKey");
}

// A child and the end of its output that is ours; ended and buried in any case.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw refused(std::string("has no pipe: ") + std::strerror(errno));
    output_ = ends[0];
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    const int error = ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error == 0) return;
    ::close(output_);
    throw refused("can not be started: " + words[0] + ": " + std::strerror(error));
  }
  ~Child() {
    ::close(output_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] int output() const { return output_; }
  // Its exit code; 128 and more: a signal ended it.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int output_ = -1;
  pid_t pid_ = -1;
};

}  // namespace

std::vector<std::string> command_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != '\'' && c == '\\' && i + 1 < line.size()) {
      word += line[++i], inside = true;
    } else if (quote != '\0') {
      c == quote ? void(quote = '\0') : void(word += c);
    } else if (c == '"' || c == '\'') {
      quote = c, inside = true;
    } else if (c == ' ' || c == '\t') {
      if (inside) words.push_back(std::move(word)), word.clear();
      inside = false;
    } else {
      word += c, inside = true;
    }
  }
  if (inside) words.push_back(std::move(word));
  return words;
}

std::string run_credential_process(Call& call, const std::string& line) {
  const std::vector<std::string> words = command_words(line);
  if (words.empty()) throw refused("is empty");
  Child child(words);
  const auto end = std::chrono::steady_clock::now() + kLongest;
  std::string printed;
  for (;;) {
    call.check();
    if (std::chrono::steady_clock::now() >= end) throw refused("did not end within a minute");
    pollfd ready{child.output(), POLLIN, 0};
    if (::poll(&ready, 1, kLookMs) <= 0) continue;
    std::array<char, 4096> bytes{};
    const ssize_t size = ::read(child.output(), bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    printed.append(bytes.data(), static_cast<std::size_t>(size));
    if (printed.size() > kMostBytes) throw refused("prints more than 64 KiB");
  }
  if (const int code = child.wait(); code != 0) throw refused("ended with code " + std::to_string(code));
  return printed;
}

}  // namespace stoker::aws
