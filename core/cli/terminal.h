// The person at the terminal, for questions. Standard output and error may go elsewhere.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/cli/secret_text.h"

namespace stoker::cli {

class Interrupts;

class Terminal {
 public:
  // Nothing where nobody can be asked: standard input is no terminal, or the process has none.
  [[nodiscard]] static std::optional<Terminal> open();
  Terminal(Terminal&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Terminal& operator=(Terminal&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  void say(const std::string& line) const;
  // What is typed before Enter. Throws cancelled when it is interrupted, told to end, or the terminal is gone; its
  // settings are then as they were.
  [[nodiscard]] std::string ask(const std::string& prompt) const;
  [[nodiscard]] SecretText ask_secret(const std::string& prompt) const;  // not shown while it is typed

 private:
  explicit Terminal(int fd) : fd_(fd) {}
  void write(const std::string& text) const;
  [[nodiscard]] SecretText read_line(const Interrupts& interrupts) const;

  int fd_;
};

}  // namespace stoker::cli
