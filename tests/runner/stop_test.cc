#include <signal.h>
#include <unistd.h>

#include "tests/runner/program.h"

namespace stoker::runner {
namespace {

using Stop = RunnerTest;

bool lives(const std::string& pid_file) { return ::kill(std::atoi(read_text(pid_file).c_str()), 0) == 0; }

TEST_F(Stop, EndsAProcessThatAsksForTime) {
  write_spec("trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.02; done");
  start();
  ASSERT_TRUE(wait_until([&] { return log() == "up\n"; }));
  EXPECT_EQ(run({"stop", "--grace-ms", "5000"}).output, "{\"stopped\":true}\n");
  EXPECT_NE(status().find("\"exit\":{\"code\":5}"), std::string::npos) << status();
  EXPECT_EQ(log(), "up\ncaught\n");
}

TEST_F(Stop, KillsWhatIgnoresEverything) {
  write_spec("trap '' INT TERM HUP; echo up; while :; do sleep 0.02; done");
  start();
  ASSERT_TRUE(wait_until([&] { return log() == "up\n"; }));
  EXPECT_EQ(run({"stop", "--grace-ms", "100"}).output, "{\"stopped\":true}\n");
  EXPECT_NE(status().find("\"exit\":{\"signal\":9}"), std::string::npos) << status();
}

// A daemon in a session of its own, once with the job's environment and once without any.
constexpr const char* kDaemon =
    "(setsid sh -c 'echo $$ > one; trap \"\" INT HUP; while :; do sleep 0.05; done' &) ; "
    "(env -i /usr/bin/setsid /bin/sh -c 'echo $$ > two; while :; do /bin/sleep 0.05; done' &) ; echo up; ";

TEST_F(Stop, FindsEscapedDaemonsAfterTheEnd) {
  write_spec(std::string(kDaemon) + "while [ ! -s one ] || [ ! -s two ]; do sleep 0.01; done");
  start();
  wait_for_state("exited");
  ASSERT_TRUE(lives(job_ / "work" / "one") && lives(job_ / "work" / "two"));
  EXPECT_EQ(run({"stop", "--grace-ms", "200"}).output, "{\"stopped\":true}\n");
  EXPECT_TRUE(wait_until([&] { return !lives(job_ / "work" / "one") && !lives(job_ / "work" / "two"); }));
}

TEST_F(Stop, FindsDaemonsWithoutSupervisor) {
  write_spec("(setsid sh -c 'echo $$ > one; while :; do sleep 0.05; done' &) ; exec sleep 60");
  start();
  ASSERT_TRUE(wait_until([&] { return !read_text(job_ / "work" / "one").empty(); }));
  ::kill(static_cast<pid_t>(number(read_text(job_ / "train.pid"), "runner_pid")), SIGKILL);
  wait_for_state("unsupervised");
  EXPECT_EQ(run({"stop", "--grace-ms", "200"}).output, "{\"stopped\":true}\n");
  EXPECT_TRUE(wait_until([&] { return !lives(job_ / "work" / "one"); }));
  wait_for_state("lost");
}

TEST_F(Stop, LeavesAProcessWithARecycledPidAlone) {
  write_spec("true");
  start();
  wait_for_state("exited");
  Child innocent({"/bin/sleep", "60"});
  std::string record = read_text(job_ / "train.pid");
  const std::string pid = std::to_string(number(record, "pid"));
  record.replace(record.find(pid), pid.size(), std::to_string(innocent.pid()));
  write_text(job_ / "train.pid", record);
  EXPECT_EQ(run({"stop", "--grace-ms", "100"}).output, "{\"stopped\":true}\n");
  EXPECT_EQ(::kill(innocent.pid(), 0), 0);
}

TEST_F(Stop, CleanLeavesNothing) {
  write_spec(std::string(kDaemon) + "mkdir -p ro/sub; touch ro/sub/f; chmod 0500 ro/sub ro; exec sleep 60");
  start();
  ASSERT_TRUE(wait_until([&] { return log() == "up\n" && std::filesystem::exists(job_ / "work/ro/sub/f"); }));
  const auto leader = static_cast<pid_t>(number(read_text(job_ / "train.pid"), "pid"));
  EXPECT_EQ(run({"arm", "--hard-cap-ms", "600000", "--idle-ms", "0", "--power-off", "0"}).code, 0);
  const auto watchdog = static_cast<pid_t>(number(read_text(job_ / "watchdog"), "pid"));
  EXPECT_EQ(::kill(watchdog, 0), 0);
  EXPECT_EQ(run({"clean"}).output, "{}\n");
  EXPECT_FALSE(std::filesystem::exists(job_));
  EXPECT_TRUE(wait_until([&] { return ::kill(leader, 0) != 0 && ::kill(watchdog, 0) != 0; }));
}

TEST_F(Stop, CleanRefusesAnotherFolder) {
  std::filesystem::create_directories(folder_ / "home");
  const Ran ran = Child({program(), "clean", "--job", (folder_ / "home").string()}).finish();
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.error, "stoker-runner: clean: " + (folder_ / "home").string() + " is not a folder in jobs/\n");
}

}  // namespace
}  // namespace stoker::runner
