// A rented machine with stoker-runner on it: files in memory, commands that run on virtual time, and a history of its
// own that judges the agent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/session.h"

namespace stoker::simulation {

// What a command does, the same on every machine of a job.
struct Command {
  std::string output;
  int64_t lasts_ms = 0;
  int code = 0;
};

struct Plan {
  std::map<std::string, Command> phases;         // setup, train
  std::map<std::string, std::string> artifacts;  // path -> content, there once train has begun
};

// One job folder; a phase is started at most once, and counts how often it was asked to be.
class Machine {
 public:
  explicit Machine(Plan plan) : plan_(std::move(plan)) {}

  struct Reply {
    int exit_code = 0;
    std::string output, error;
  };
  // Every command but tail. `words` as the shell would split them.
  Reply run(const std::vector<std::string>& words, const std::string& input, int64_t now_ms);
  // As much of `receive`'s input as came before the connection broke.
  void receive_part(std::string_view frames);

  // Of a phase, as stoker-runner prints it.
  [[nodiscard]] std::string status(const std::string& phase, int64_t now_ms) const;
  [[nodiscard]] std::string log(int64_t now_ms) const;
  // Size of the log when the phase ended; nothing while it runs.
  [[nodiscard]] std::optional<int64_t> log_end(const std::string& phase, int64_t now_ms) const;

  // Judgement.
  [[nodiscard]] int runs(const std::string& phase) const;  // how often the command itself was run
  [[nodiscard]] std::optional<int> exit_code(const std::string& phase, int64_t now_ms) const;
  [[nodiscard]] bool started_with_secrets() const { return started_with_secrets_; }
  [[nodiscard]] const Plan& plan() const { return plan_; }

 private:
  struct Phase {
    int64_t began_ms = 0;
    int runs = 0;
    std::optional<int64_t> stopped_ms;
  };

  Reply script(const std::vector<std::string>& words, const std::string& input);
  Reply have(const std::string& input) const;
  Reply receive(std::string_view frames, bool whole);
  Reply start(const std::string& phase, int64_t now_ms);
  Reply stop(int64_t now_ms);
  Reply manifest() const;
  [[nodiscard]] const Phase* phase(const std::string& name) const;
  [[nodiscard]] bool ended(const std::string& name, int64_t now_ms) const;
  [[nodiscard]] std::string printed(const std::string& name, int64_t now_ms) const;

  Plan plan_;
  std::map<std::string, std::string> files_, parts_;  // beneath the job folder
  std::map<std::string, Phase> phases_;
  std::string program_;  // where stoker-runner lies; empty: not yet
  bool has_secrets_ = false, started_with_secrets_ = false;
};

}  // namespace stoker::simulation
