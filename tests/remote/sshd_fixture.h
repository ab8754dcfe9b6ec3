// A private sshd on a free port of 127.0.0.1 with its own keys, for one test. Works for root and for a plain user.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/remote/session.h"
#include "core/remote/ssh_key.h"

namespace stoker::remote {

// Runs a program to its end and returns its standard output.
std::string run_program(const std::vector<std::string>& words);
// A socket that listens on a free port of 127.0.0.1.
int listen_locally(uint16_t& port);
// Waits for a condition, at most 10 s.
bool eventually(const std::function<bool()>& condition);

class Sshd {
 public:
  explicit Sshd(const std::vector<std::string>& options = {}, const std::string& host_key_type = "ed25519");
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;
  ~Sshd();

  [[nodiscard]] Target target() const;
  [[nodiscard]] std::string log() const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  // Ends the processes that serve sessions, not the listener: what a cut network looks like.
  void cut_sessions() const;
  [[nodiscard]] bool serving() const;

  SshKey user_key = generate_ssh_key("stoker test");

 private:
  void start(const std::vector<std::string>& options);
  void end() const;

  std::filesystem::path folder_;
  std::string host_key_, user_;
  uint16_t port_ = 0;
  int pid_ = -1;
};

}  // namespace stoker::remote
