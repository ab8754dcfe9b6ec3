// A real agent and tests/fakecloud in a network of their own, both on a fast clock.
#pragma once

#include <string>
#include <vector>

#include "tests/e2e/agent_fixture.h"
#include "tests/e2e/dialect.h"

namespace stoker::e2e {

// Skips where this user can not make a network and machines of their own (fakecloud's machines need root).
class CloudTest : public AgentTest {
 protected:
  static void SetUpTestSuite();
  CloudTest();
  ~CloudTest() override;
  void SetUp() override;
  void TearDown() override;

  // `speed`: virtual seconds in a real one, for the cloud and, with start_fast_agent(), for the agent.
  void start_cloud(double speed, const std::string& machines = "sshd", const Words& more = {});
  // Into config.yaml: these plugins, and the cloud's hosts led to fakecloud.
  void enable(const Words& clouds) const;
  void start_fast_agent();

  [[nodiscard]] std::string url(const std::string& cloud) const;
  // "good", "expired", ... of a cloud, or a DigitalOcean token that lacks one scope.
  [[nodiscard]] std::string credential(const std::string& cloud, const std::string& name = "good") const;
  [[nodiscard]] std::string token_without(const std::string& scope) const;
  // Connects an account with the good credential.
  void connect(const std::string& cloud) const;
  [[nodiscard]] Answer post_account(const std::string& cloud, const std::string& secret) const;

  // fakecloud's control; throws when an order is refused.
  Json order(const std::string& path, const std::string& body) const;
  [[nodiscard]] Json ask(const std::string& path) const;
  void fault(const std::string& json) const { order("/faults", json); }
  [[nodiscard]] Json judgement(const std::string& cloud) const { return ask("/judgement")[cloud]; }
  // Lines of history.jsonl that hold `text`.
  [[nodiscard]] Words history(const std::string& text) const;

  // By the history alone: nothing lives, nothing was doubled, touched that is foreign, left over, or against the spec.
  void expect_nothing_left(const std::string& cloud) const;

  static constexpr const char* kClouds[] = {"lambda", "digitalocean"};
  static Words hosts_of(const std::string& cloud);
  static std::string secret_field(const std::string& cloud);
  // The members of an account's `values` for a credential as fakecloud writes it.
  static std::string values_of(const std::string& cloud, const std::string& secret);

  // For gated-agent: the cloud's time; `more` is added.
  [[nodiscard]] Words on_cloud_time(const Words& more = {}) const;

  std::filesystem::path cloud_folder;
  pid_t cloud = -1;
  double speed = 1;

 private:
  [[nodiscard]] uint16_t control_port() const;
};

// One cloud at 20 times real speed, an agent on its time, and its account connected.
class OneCloudTest : public CloudTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override;
  [[nodiscard]] std::string name() const { return GetParam(); }
};

// A job spec for a cloud's machine; `more` is JSON members.
std::string cloud_job(const std::string& provider, const std::string& run, const std::string& more = {});

}  // namespace stoker::e2e
