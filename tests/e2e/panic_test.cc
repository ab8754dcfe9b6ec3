// `stoker panic`: all that is rented is gone, with an agent or without one, with a store or without one.
#include <signal.h>

#include <fstream>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class PanicTest : public AgentTest {};

TEST_F(PanicTest, EndsTheAgentTheTrainingAndTheMachine) {
  start_agent();
  const std::string id = submit(job_spec(witness(10, folder / "gate")));
  await_state(id, "running");
  const Result panic = cli({"panic", "--yes"});
  EXPECT_EQ(panic.code, 0) << panic.out << panic.err;
  EXPECT_THAT(panic.err, HasSubstr("stopping the agent, process " + std::to_string(agent)));
  EXPECT_THAT(panic.err, HasSubstr("cancelled 1 job"));
  EXPECT_THAT(panic.out, HasSubstr("destroyed local: "));
  EXPECT_TRUE(eventually([&] { return agent_ended(); }));
  EXPECT_TRUE(eventually([&] { return left_over().empty(); }));
  start_agent();
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  EXPECT_EQ(job(id)["attempts"].items().size(), 1U) << "nothing was rented anew";
  expect_nothing_rented();
}

TEST_F(PanicTest, AnAgentThatHangsIsKilledAndNoOtherStartsMeanwhile) {
  start_agent();
  const std::string id = submit(job_spec(witness(10, folder / "gate")));
  await_state(id, "running");
  ASSERT_EQ(::kill(agent, SIGSTOP), 0);
  const Result panic = cli({"panic", "--yes"});
  EXPECT_EQ(panic.code, 0) << panic.out << panic.err;
  EXPECT_TRUE(eventually([&] { return agent_ended(); }));
  EXPECT_TRUE(eventually([&] { return left_over().empty(); }));
  start_agent();
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
}

TEST_F(PanicTest, ALostStoreIsNoObstacle) {
  start_agent();
  const std::string id = submit(job_spec(witness(10, folder / "gate")));
  await_state(id, "running");
  kill_agent();
  for (const char* name : {"stoker.db", "stoker.db-wal", "stoker.db-shm"}) fs::remove(state() / name);
  const Result blind = cli({"panic", "--yes"});
  EXPECT_EQ(blind.code, 1) << "there may have been clouds";
  EXPECT_THAT(blind.out, HasSubstr("destroyed local: "));
  EXPECT_THAT(blind.out, HasSubstr("MAY BE LEFT what was rented at clouds, whose accounts only the store knew"));
  EXPECT_THAT(blind.err, HasSubstr("give --provider and its credential for each cloud"));
  EXPECT_TRUE(eventually([&] { return left_over().empty(); }));
  const Result again = cli({"panic", "--yes", "--provider", "local"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, "nothing was rented\n");
}

TEST_F(PanicTest, ADamagedStoreIsNoObstacle) {
  start_agent();
  const std::string id = submit(job_spec(witness(10, folder / "gate")));
  await_state(id, "running");
  kill_agent();
  for (const char* name : {"stoker.db-wal", "stoker.db-shm"}) fs::remove(state() / name);
  std::ofstream(state() / "stoker.db") << std::string(20'000, 'x');
  const Result panic = cli({"panic", "--yes", "--provider", "local"});
  EXPECT_EQ(panic.code, 0) << panic.out << panic.err;
  EXPECT_THAT(panic.err, HasSubstr("the store can not be read: "));
  EXPECT_THAT(panic.out, HasSubstr("destroyed local: "));
  EXPECT_TRUE(eventually([&] { return left_over().empty(); }));
}

TEST_F(PanicTest, WithoutTheKeyOfTheVaultItDestroysWhatItCan) {
  start_agent();
  const std::string id = submit(job_spec(witness(10, folder / "gate"), R"("secrets":{"PIN":"1234"})"));
  await_state(id, "running");
  kill_agent();
  fs::remove(config() / "key");
  const Result panic = cli({"panic", "--yes"});
  EXPECT_EQ(panic.code, 1) << panic.out << panic.err;
  EXPECT_THAT(panic.err, HasSubstr("cancelled 1 job"));
  EXPECT_THAT(panic.err, HasSubstr("the credentials can not be read: "));
  EXPECT_THAT(panic.out, HasSubstr("destroyed local: "));
  EXPECT_TRUE(eventually([&] { return left_over().empty(); }));
}

TEST_F(PanicTest, OfAnotherInstallationItLeavesThisOneAlone) {
  start_agent();
  const std::string id = submit(job_spec(witness(10, folder / "gate")));
  await_state(id, "running");
  const Result panic = cli({"panic", "--yes", "--installation", "0123456789abcdef"});
  EXPECT_EQ(panic.code, 0) << panic.out << panic.err;
  EXPECT_EQ(panic.out, "nothing was rented\n");
  EXPECT_THAT(panic.err, HasSubstr("destroying what installation 0123456789abcdef rented"));
  EXPECT_EQ(job_state(id), "running");
  std::ofstream(folder / "gate") << "open";
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded");
}

TEST_F(PanicTest, OfACopiedStoreItAsksWhichIsMeant) {
  start_agent();
  stop_agent();
  const std::string stored = content(state() / "install-id").substr(0, 16);
  std::ofstream(state() / "install-id") << "0123456789abcdef\n";
  const Result panic = cli({"panic", "--yes"});
  EXPECT_EQ(panic.code, 1);
  EXPECT_THAT(panic.err, HasSubstr("the store is of installation " + stored +
                                   " and the folder of 0123456789abcdef\n"
                                   "hint: one was restored or copied: say with --installation which is meant"));
}

TEST_F(PanicTest, WhatItDidNotLookForIsNamed) {
  start_agent();
  const std::string id = submit(job_spec(witness(10, folder / "gate")));
  await_state(id, "running");
  stop_agent();
  write_config("plugins: [transformers]\n");
  const Result panic = cli({"panic", "--yes"});
  EXPECT_EQ(panic.code, 1) << panic.out << panic.err;
  EXPECT_THAT(panic.out, HasSubstr("MAY BE LEFT local: it can not be looked at"));
  write_config("plugins: [local]\n");
  EXPECT_EQ(cli({"panic", "--yes"}).code, 0);
  EXPECT_TRUE(eventually([&] { return left_over().empty(); }));
}

TEST_F(PanicTest, WithoutAnInstallIdItSaysWhereToFindOne) {
  const Result lost = cli({"panic", "--yes"});
  EXPECT_EQ(lost.code, 1);
  EXPECT_THAT(lost.err, HasSubstr("no install id is left in " + state().string()));
  EXPECT_THAT(lost.err, HasSubstr("give --installation ID"));
}

}  // namespace
}  // namespace stoker::e2e
