// `stoker panic` at every cloud, on the cloud's time.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;

class CloudPanic : public OneCloudTest {
 protected:
  void SetUp() override {
    OneCloudTest::SetUp();
    if (IsSkipped()) return;
    id = submit(cloud_job(GetParam(), "sleep 1000"));
    await_state(id, "running");
  }
  [[nodiscard]] Result panic(Words more = {}) const {
    more.insert(more.begin(), {program("gated-agent"), "panic"});
    return run(more, environment(on_cloud_time()), 120'000);
  }
  // "KEY=VALUE" of each field.
  [[nodiscard]] Words values() const {
    const std::string secret = credential(name());
    if (name() != "aws") return {secret_field(name()) + "=" + secret};
    const size_t at = secret.find(':');
    return {"access_key_id=" + secret.substr(0, at), secret_field(name()) + "=" + secret.substr(at + 1)};
  }
  void expect_one_machine_came_and_went() const {
    expect_nothing_left(name());
    EXPECT_EQ(judgement(name())["creates"].integer(), 1);
    EXPECT_EQ(judgement(name())["deletes"].integer(), 1);
  }

  std::string id;
};

TEST_P(CloudPanic, EndsWhatTheAgentRented) {
  const Result ran = panic();
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, testing::HasSubstr("destroyed " + name() + ": "));
  EXPECT_TRUE(eventually([&] { return agent_ended(); }));
  expect_one_machine_came_and_went();
  start_fast_agent();
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  expect_one_machine_came_and_went();
}

TEST_P(CloudPanic, NeedsNoStore) {
  kill_agent();
  for (const char* name : {"stoker.db", "stoker.db-wal", "stoker.db-shm"}) fs::remove(state() / name);
  Words words = {name()};
  for (const std::string& value : values()) words.push_back(value);
  const Result ran = panic(words);
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err,
              testing::Not(testing::HasSubstr(values().back().substr(values().back().find('=') + 1))));
  expect_one_machine_came_and_went();
}

INSTANTIATE_TEST_SUITE_P(Clouds, CloudPanic, testing::ValuesIn({"lambda", "digitalocean", "aws", "gcp", "vast"}),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace stoker::e2e
