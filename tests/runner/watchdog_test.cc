#include "core/runner/watchdog.h"

#include <signal.h>
#include <unistd.h>

#include "core/runner/stop.h"
#include "tests/runner/program.h"

namespace stoker::runner {
namespace {

Arming arming(int64_t hard_cap_ms, int64_t idle_ms) {
  Arming made;
  made.hard_cap_ms = hard_cap_ms;
  made.idle_ms = idle_ms;
  made.armed_boot_ms = 1000;
  made.armed_wall_ms = 500'000;
  return made;
}

TEST(WatchdogDecision, HardCapCountsOnBothClocks) {
  Watchdog watchdog;
  watchdog.arm(arming(100, 0));
  EXPECT_EQ(watchdog.look({1099, 500'099, 0, true}), nullptr);
  EXPECT_STREQ(watchdog.look({1100, 500'000, 0, true}), "hard_cap");
  EXPECT_STREQ(watchdog.look({1000, 500'100, 0, true}), "hard_cap");
}

TEST(WatchdogDecision, IdleNeedsNeitherTrainingNorBeat) {
  Watchdog watchdog;
  watchdog.arm(arming(1'000'000, 100));
  EXPECT_EQ(watchdog.look({1050, 0, 7, false}), nullptr) << "a beat";
  EXPECT_EQ(watchdog.look({1149, 0, 7, false}), nullptr);
  EXPECT_EQ(watchdog.look({1149, 0, 3, false}), nullptr) << "a beat by a clock set back is a beat";
  EXPECT_EQ(watchdog.look({1500, 0, 3, true}), nullptr) << "a training needs no beat";
  EXPECT_EQ(watchdog.look({1599, 0, 3, false}), nullptr);
  EXPECT_STREQ(watchdog.look({1600, 0, 3, false}), "idle");
}

TEST(WatchdogDecision, ZeroIdleIsNever) {
  Watchdog watchdog;
  watchdog.arm(arming(1'000'000, 0));
  EXPECT_EQ(watchdog.look({900'000, 0, 0, false}), nullptr);
}

class WatchdogTest : public RunnerTest {
 protected:
  // The power-off of these tests: a file that appears.
  WatchOptions options() {
    const std::string off = (folder_ / "off").string();
    WatchOptions made;
    made.power_off = [off, tries = 0]() mutable {
      write_text(off, std::to_string(++tries));
      return tries == 3;
    };
    made.look_every_ms = 10;
    made.again_ms = 10;
    made.grace_ms = 500;
    return made;
  }
  Arming arm(int64_t hard_cap_ms, int64_t idle_ms, bool power_off = true) {
    Arming wanted;
    wanted.hard_cap_ms = hard_cap_ms;
    wanted.idle_ms = idle_ms;
    wanted.power_off = power_off;
    return arm_watchdog(Job::open(job_.string()), wanted, options());
  }
  std::string fired() {
    const auto armed = Arming::read(Job::open(job_.string()));
    return armed ? armed->fired : "";
  }
  bool is_off() { return read_text(folder_ / "off") == "3"; }
};

TEST_F(WatchdogTest, TheHardCapStopsATrainingAndTriesUntilTheMachineIsOff) {
  write_spec("exec sleep 60");
  start();
  arm(300, 0);
  EXPECT_TRUE(wait_until([&] { return is_off(); }));
  EXPECT_NE(status().find("\"exit\":{\"signal\":2}"), std::string::npos) << status();
  EXPECT_NE(read_text(job_ / "watchdog").find("\"fired\":\"hard_cap\""), std::string::npos);
}

TEST_F(WatchdogTest, IdleWaitsForTheTrainingAndThePowerStaysOnUnlessAsked) {
  write_spec("sleep 0.4");
  start();
  const Arming armed = arm(60'000, 100, false);
  EXPECT_TRUE(wait_until([&] { return fired() == "idle"; }));
  EXPECT_NE(status().find("\"exit\":{\"code\":0}"), std::string::npos) << "fired while the training ran: " << status();
  EXPECT_TRUE(wait_until([&] { return ::kill(static_cast<pid_t>(armed.pid), 0) != 0; }));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "off"));
}

TEST_F(WatchdogTest, IsArmedAnewInPlace) {
  const Arming first = arm(60'000, 0), second = arm(200, 0);
  EXPECT_EQ(first.pid, second.pid);
  EXPECT_EQ(second.hard_cap_ms, 200);
  EXPECT_TRUE(wait_until([&] { return is_off(); }));
}

TEST_F(WatchdogTest, FiresThoughTheJobFolderIsGone) {
  write_spec("exec sleep 60");
  start();
  const auto training = static_cast<pid_t>(number(status(), "pid"));
  const auto supervisor = static_cast<pid_t>(number(read_text(job_ / "train.pid"), "runner_pid"));
  arm(300, 0);
  std::filesystem::remove_all(job_);
  EXPECT_TRUE(wait_until([&] { return is_off(); }));
  EXPECT_NE(::kill(training, 0), 0);
  EXPECT_TRUE(wait_until([&] { return ::kill(supervisor, 0) != 0; })) << "nothing is left to record";
}

TEST_F(WatchdogTest, ADeadOneIsReplaced) {
  const Arming first = arm(60'000, 0);
  ::kill(static_cast<pid_t>(first.pid), SIGKILL);
  ASSERT_TRUE(wait_until([&] { return ::kill(static_cast<pid_t>(first.pid), 0) != 0; }));
  EXPECT_NE(arm(60'000, 0).pid, first.pid);
}

TEST_F(WatchdogTest, TheProgramArmsAndOutlivesItsSession) {
  const Ran ran = run({"arm", "--hard-cap-ms", "600000", "--idle-ms", "500", "--power-off", "0"});
  EXPECT_EQ(ran.output,
            std::string("{\"armed\":true,\"hard_cap_ms\":600000,\"idle_ms\":500,\"power_off\":false,\"root\":") +
                (::geteuid() == 0 ? "true}\n" : "false}\n"));
  EXPECT_TRUE(wait_until([&] { return fired() == "idle"; }));
  EXPECT_EQ(run({"beat"}).output, "{}\n");
  EXPECT_TRUE(std::filesystem::exists(job_ / "beat"));
}

TEST_F(WatchdogTest, TheProgramRefusesToPowerOffTheUsersOwnMachine) {
  const Ran ran =
      run({"arm", "--hard-cap-ms", "600000", "--idle-ms", "0", "--power-off", "1"}, {}, {"STOKER_INSTANCE=/x"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.error,
            "stoker-runner: arm: power-off refused: STOKER_INSTANCE is set, this machine is the user's own\n");
  EXPECT_FALSE(std::filesystem::exists(job_ / "watchdog"));
}

}  // namespace
}  // namespace stoker::runner
