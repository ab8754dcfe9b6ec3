// A person at a terminal of their own, and a shell in it that runs one command and says how it left the terminal.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace stoker::cli {

class TerminalSession {
 public:
  // The shell stays when the command is interrupted, since the kernel resets a terminal whose last session ends.
  TerminalSession(uint16_t port, const std::vector<std::string>& words) {
    std::vector<std::string> line = {
        "sh",
        "-c",
        "trap : INT TERM HUP QUIT; before=$(stty -g); \"$@\"; code=$?; test \"$before\" = \"$(stty -g)\" && "
        "echo \"restored, code $code\"",
        "sh",
        std::string(STOKER_BUILD_DIR) + "/bin/cli-at-port",
        std::to_string(port)};
    line.insert(line.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (auto& word : line) argv.push_back(word.data());
    argv.push_back(nullptr);
    const winsize size{24, 200, 0, 0};
    pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      ::execv("/bin/sh", argv.data());
      ::_exit(127);
    }
  }
  ~TerminalSession() {
    if (!ended_) {
      ::kill(-pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(master_);
  }
  TerminalSession(const TerminalSession&) = delete;
  TerminalSession& operator=(const TerminalSession&) = delete;

  // Waits for a prompt at the end of what is shown, then types the answer and Enter.
  void answer(const std::string& prompt, const std::string& text) {
    ASSERT_TRUE(prompts(prompt)) << screen_;
    answered_ = screen_.size();
    type(text + "\n");
  }
  bool prompts(const std::string& prompt) {
    return eventually([&] { return screen_.size() > answered_ && screen_.ends_with(prompt); });
  }
  void type(const std::string& keys) const {
    EXPECT_EQ(::write(master_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  void signal(int number) const { EXPECT_EQ(::kill(-pid_, number), 0); }
  [[nodiscard]] bool echoes() const {
    termios settings{};
    EXPECT_EQ(::tcgetattr(master_, &settings), 0);
    return (settings.c_lflag & ECHO) != 0;
  }
  // All that was shown.
  const std::string& end() {
    int status = 0;
    ended_ = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
    EXPECT_TRUE(ended_) << screen_;
    read();
    return screen_;
  }

 private:
  template <typename F>
  bool eventually(F&& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      read();
      if (holds()) return true;
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void read() {
    pollfd ready{master_, POLLIN, 0};
    char bytes[4096];
    while (::poll(&ready, 1, 0) > 0) {
      const ssize_t n = ::read(master_, bytes, sizeof bytes);
      if (n <= 0) return;
      for (ssize_t i = 0; i < n; ++i)
        if (bytes[i] != '\r') screen_ += bytes[i];
    }
  }

  int master_ = -1;
  pid_t pid_ = -1;
  bool ended_ = false;
  std::string screen_;
  size_t answered_ = 0;  // what was shown by then
};

}  // namespace stoker::cli
