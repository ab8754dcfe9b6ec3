// The agent dies by SIGKILL; the next one takes every job to its end, and the training never notices.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include "tests/e2e/agent_fixture.h"
#include "tests/e2e/crash_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::SizeIs;

class CrashTest : public CrashFixture {};

TEST_F(CrashTest, WhileTrainingTheSameProcessGoesOn) {
  start_agent();
  const fs::path gate = folder / "gate";
  const std::string id = submit(job_spec(witness(500, gate)));
  await_state(id, "running");
  const fs::path remote = remote_folder(id);
  ASSERT_TRUE(eventually([&] { return lines_of(content(remote / "artifacts" / "starts")).size() == 1; }));
  const pid_t training = std::stoi(content(remote / "artifacts" / "starts"));
  const std::string before = content("/proc/" + std::to_string(training) + "/stat");
  EXPECT_THAT(left_over(), Contains(training)) << "the search for left-over processes would not find the training";
  const int log = ::open((remote / "log").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(log, 0);

  kill_agent();
  EXPECT_EQ(::kill(training, 0), 0) << "the training died with the agent";
  start_agent();
  await_state(id, "running");
  EXPECT_EQ(start_time(content("/proc/" + std::to_string(training) + "/stat")), start_time(before));
  std::ofstream(gate).flush();

  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  expect_ran_once(id, witness_log(500) + "the gate is open\n");
  EXPECT_EQ(artifact(id, "artifacts/starts"), std::to_string(training) + "\n");
  std::string remote_log(1 << 20, '\0');
  remote_log.resize(static_cast<size_t>(::pread(log, remote_log.data(), remote_log.size(), 0)));
  ::close(log);
  EXPECT_EQ(log_of(id), remote_log);
}

TEST_F(CrashTest, TheTrainingEndsWhileThereIsNoAgent) {
  start_agent();
  const std::string id = submit(job_spec(witness(100, folder / "gate")));
  await_state(id, "running");
  const fs::path remote = remote_folder(id);
  ASSERT_TRUE(eventually([&] { return fs::exists(remote / "artifacts" / "starts"); }));
  kill_agent();
  std::ofstream(folder / "gate").flush();
  ASSERT_TRUE(eventually([&] { return fs::exists(remote / "train.exit"); }));
  start_agent();
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded");
  expect_ran_once(id, witness_log(100) + "the gate is open\n");
}

TEST_F(CrashTest, AnOrderlyEndLeavesTheTrainingAlone) {
  start_agent();
  const std::string id = submit(job_spec(witness(100, folder / "gate")));
  await_state(id, "running");
  stop_agent();
  EXPECT_THAT(agent_log(), testing::HasSubstr("still rented: stk-"));
  start_agent();
  EXPECT_EQ(job_state(id), "running");
  std::ofstream(folder / "gate").flush();
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded");
  expect_ran_once(id, witness_log(100) + "the gate is open\n");
}

// One commit of every stage, those of the money first.
TEST_F(CrashTest, InEveryStage) {
  for (const char* point : {"before submit",   "after submit",          "after provisioning",   "after create sent",
                            "before adopt",    "after adopt",           "after connecting",     "after staging",
                            "after setup",     "before running",        "after running",        "before log",
                            "after log",       "before training ended", "after training ended", "after artifact",
                            "after releasing", "before gone",           "after gone",           "before ended"})
    crash_at(point);
}

TEST_F(CrashTest, TwentyFiveTimesDuringOneTraining) {
  std::mt19937 random(20261123);
  std::uniform_int_distribution<int> pause_ms(100, 400);
  start_agent();
  const std::string id =
      submit(job_spec("echo $$ >> \"$STOKER_ARTIFACTS/starts\"\nfor ((i = 1; i <= 20000; ++i)); do echo \"line $i\"; "
                      "((i % 250)) || sleep 0.15; done"));
  await_state(id, "running");
  int kills = 0, while_running = 0;
  for (; kills < 25; ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms(random)));
    while_running += job_state(id) == "running";
    kill_agent();
    start_agent();
  }
  EXPECT_GE(while_running, 15) << "too few of the kills hit the training";
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  expect_ran_once(id, witness_log(20000));
}

}  // namespace
}  // namespace stoker::e2e
