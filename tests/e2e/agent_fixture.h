// A real agent with folders of its own in a temporary place, and what tests ask of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/cli/json_reader.h"
#include "tests/e2e/api_client.h"
#include "tests/e2e/child.h"

namespace stoker::e2e {

using cli::Json;

// At the end every instance is destroyed through the API, the agent ended, and no process may be left that has this
// folder in its environment or on its command line.
class AgentTest : public testing::Test {
 protected:
  AgentTest();
  ~AgentTest() override;
  void TearDown() override;

  static std::string program(const std::string& name = "stoker");  // of the build tree
  [[nodiscard]] Words environment(const Words& more = {}) const;
  [[nodiscard]] std::filesystem::path state() const { return folder / "state" / "stoker"; }
  [[nodiscard]] std::filesystem::path config() const { return folder / "config" / "stoker"; }
  [[nodiscard]] std::string agent_log() const { return content(folder / "agent.log"); }
  void write_config(const std::string& yaml) const;

  // False when it ended before it answered.
  bool try_start(const Words& words, const Words& more_environment = {});
  void start_agent();
  void kill_agent();                 // SIGKILL
  void stop_agent();                 // SIGTERM; it must end well
  [[nodiscard]] bool agent_ended();  // by itself

  [[nodiscard]] ApiClient api() const;
  [[nodiscard]] Result cli(Words words, const Words& more_environment = {}) const;

  // Throws what the answer said when the job is refused.
  [[nodiscard]] std::string submit(const std::string& spec, const std::string& key = {}) const;
  [[nodiscard]] Json job(const std::string& id) const;
  [[nodiscard]] std::string job_state(const std::string& id) const { return job(id)["state"].text(); }
  // Fails the test when the job ends first, or in time does not get there.
  void await_state(const std::string& id, const std::string& wanted) const;
  Json await_end(const std::string& id, int64_t within_ms = 60'000) const;
  [[nodiscard]] std::vector<Event> events(const std::string& id) const;
  [[nodiscard]] std::string log_of(const std::string& id) const { return content(state() / "jobs" / id / "log"); }
  [[nodiscard]] std::string artifact(const std::string& id, const std::string& path) const;
  // The job's folder on the instance of its first attempt.
  [[nodiscard]] std::filesystem::path remote_folder(const std::string& id) const;

  // Numbers seq 1, 2, 3 ... as the store has them.
  void expect_gapless(const std::string& id) const;
  void expect_nothing_rented() const;
  [[nodiscard]] std::vector<pid_t> left_over() const;  // processes of our instances and agents

  std::filesystem::path folder;
  Words prefix;  // words before the agent's own, such as setpriv
  pid_t agent = -1;

 private:
  void await_no_process() const;
};

// {"name":..., "provider":"local", "run":run, more}; `more` is JSON members.
std::string job_spec(const std::string& run, const std::string& more = {});
std::string json_text(const std::string& text);  // as JSON

// A training that proves that it ran once: it adds its pid to artifacts/starts, prints `lines` lines, and waits until
// the file `gate` exists where one is named.
std::string witness(int lines, const std::filesystem::path& gate = {});
std::string witness_log(int lines);

}  // namespace stoker::e2e
