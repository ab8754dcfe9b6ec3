#include "plugins/local/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace stoker::local {
namespace {

TEST(Process, NameMayHoldAnything) {
  const auto stat = parse_stat("42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 9 10\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->id.pid, 42);
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->id.start, 123456U);
}

TEST(Process, HalfAStatIsNone) {
  for (const char* text :
       {"", "42", "42 (a", "42 (a) S 7", "x (a) S 7 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", ")", "1 )("}) {
    EXPECT_FALSE(parse_stat(text)) << text;
  }
}

TEST(Process, ZombieOfOursIsReapedAndNotAlive) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  const auto stat = stat_of(child);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->state, 'Z');
  EXPECT_FALSE(alive(stat->id));
  EXPECT_FALSE(stat_of(child));
}

TEST(Process, AnotherStartTimeIsAnotherProcess) {
  const auto me = stat_of(::getpid());
  ASSERT_TRUE(me);
  EXPECT_TRUE(alive(me->id));
  EXPECT_FALSE(alive({me->id.pid, me->id.start + 1}));
  EXPECT_FALSE(alive({0, 0}));
}

TEST(Process, SignalReachesExactlyThatProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto id = stat_of(child)->id;
  signal_all({{child, id.start + 1}}, SIGKILL);
  EXPECT_FALSE(wait_all({id}, 20));
  signal_all({id}, SIGKILL);
  EXPECT_TRUE(wait_all({id}, 5000));
}

TEST(Process, BootHasAName) { EXPECT_EQ(boot_id().size(), 36U); }

}  // namespace
}  // namespace stoker::local
