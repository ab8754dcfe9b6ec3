// The agent's folder of state: one agent at a time, and how its clients find it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/cli/entry.h"

namespace stoker::agent {

// Holds `lock` (an OFD lock), which names the process, while it lives.
class StateLock {
 public:
  // Makes the folder when absent. Throws conflict, naming the pid and the folder, when another process holds it;
  // forbidden when other users can look into it.
  explicit StateLock(const std::filesystem::path& folder);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

  // The process that the file names; 0: none.
  [[nodiscard]] static pid_t holder(const std::filesystem::path& folder);

 private:
  int fd_ = -1;
};

// Not for two threads at once.
class StateDir {
 public:
  // Takes the lock, and makes the token when absent. Throws what StateLock throws.
  explicit StateDir(const std::filesystem::path& folder);
  ~StateDir();  // removes `port`, so that clients see no agent
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& token() const { return token_; }  // 256 bits as 64 hex digits
  void publish_port(uint16_t port);                                  // once the agent answers there

  // What a client needs; empty when no agent holds the folder or it has not published its port yet. Takes no lock.
  [[nodiscard]] static std::optional<cli::ClientView> client_view(const std::filesystem::path& folder);

 private:
  std::filesystem::path folder_;
  StateLock lock_;
  std::string token_;
  bool published_ = false;
};

}  // namespace stoker::agent
