// The store when its process ends at the worst moment, and when its disk is full.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "core/store/database.h"
#include "core/store/jobs.h"
#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

constexpr int kNoMount = 77;  // exit status of a child that may not mount

class CrashTest : public StoreFolder {
 protected:
  // Runs `child` in a process of its own; gives back its wait status.
  int fork_and_wait(const std::function<void()>& child) {
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      child();
      std::fflush(nullptr);
      ::_exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
  }
  static bool has_job(Database& database, const std::string& id) {
    return database.read([&](Connection& c) { return Jobs(c).find(id).has_value(); });
  }
  static void add_job(Database& database, const std::string& id, size_t spec_bytes = 2) {
    database.write("add a job", [&](Connection& c) {
      JobRow job = job_named(id);
      job.spec.assign(spec_bytes, 'x');
      Jobs(c).insert(job);
    });
  }
};

class Gate final : public CommitGate {
 public:
  std::function<void()> before, after;
  void before_commit(const char* what) override {
    EXPECT_STREQ(what, "add a job");
    if (before) before();
  }
  void after_commit(const char*) override {
    if (after) after();
  }
};

TEST_F(CrashTest, AThrowBeforeTheCommitLeavesNothing) {
  Gate gate;
  Database database(file_, &gate);
  gate.before = [] { throw std::runtime_error("crash"); };
  EXPECT_THROW(add_job(database, "a"), std::runtime_error);
  EXPECT_FALSE(has_job(database, "a"));
  gate.before = nullptr;
  gate.after = [] { throw std::runtime_error("crash"); };
  EXPECT_THROW(add_job(database, "a"), std::runtime_error);
  EXPECT_TRUE(has_job(database, "a"));
}

TEST_F(CrashTest, TheGateMayUseTheStoreAfterTheCommit) {
  Gate gate;
  Database database(file_, &gate);
  int left = 3;
  gate.after = [&] {
    if (--left > 0) add_job(database, "job" + std::to_string(left));
  };
  add_job(database, "a");
  EXPECT_TRUE(has_job(database, "job1"));
}

TEST_F(CrashTest, EndingBeforeTheCommitLeavesNothing) {
  const int status = fork_and_wait([&] {
    Gate gate;
    gate.before = [] { ::kill(::getpid(), SIGKILL); };
    Database database(file_, &gate);
    add_job(database, "a");
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  Database database(file_);
  EXPECT_FALSE(has_job(database, "a"));
}

TEST_F(CrashTest, EndingAfterTheCommitLeavesIt) {
  const int status = fork_and_wait([&] {
    Gate gate;
    gate.after = [] { ::_exit(9); };
    Database database(file_, &gate);
    add_job(database, "a");
  });
  EXPECT_EQ(WEXITSTATUS(status), 9);
  Database database(file_);
  EXPECT_TRUE(has_job(database, "a"));
}

TEST_F(CrashTest, KeepsEveryAcknowledgedCommitThroughKill) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    Database database(file_);
    for (uint32_t i = 0;; ++i) {
      add_job(database, std::to_string(i), 3000);
      if (::write(pipe[1], &i, sizeof i) != sizeof i) ::_exit(1);
    }
  }
  ::close(pipe[1]);
  uint32_t last = 0;
  while (last < 200 && ::read(pipe[0], &last, sizeof last) == sizeof last) continue;
  ::kill(pid, SIGKILL);
  while (::read(pipe[0], &last, sizeof last) == sizeof last) continue;
  ::close(pipe[0]);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  ASSERT_GE(last, 200u);

  Database database(file_);
  for (uint32_t i = 0; i <= last; ++i) EXPECT_TRUE(has_job(database, std::to_string(i))) << i << " of " << last;
  add_job(database, "after");
}

void fill_disk(const std::filesystem::path& filler) {
  for (const std::streamsize chunk : {65536, 4096}) {
    std::ofstream out(filler, std::ios::binary | std::ios::app);
    const std::string zeros(static_cast<size_t>(chunk), '\0');
    while (out.write(zeros.data(), chunk).flush()) continue;
  }
}

TEST_F(CrashTest, RecordsOnAFullDiskFromTheReserve) {
  const int status = fork_and_wait([&] {
    const auto disk = folder_ / "state";
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", disk.c_str(), "tmpfs", 0, "size=20m,mode=0700") != 0)
      ::_exit(kNoMount);
    {
      Database database(file_);
      EXPECT_TRUE(database.has_reserve());
      EXPECT_EQ(std::filesystem::file_size(file_.string() + ".reserve"), size_t{4} << 20);
      fill_disk(disk / "filler");

      add_job(database, "first", 100'000);
      EXPECT_FALSE(database.has_reserve());
      EXPECT_TRUE(has_job(database, "first"));

      const Error error = error_of([&] {
        for (int i = 0; i < 1000; ++i) add_job(database, std::to_string(i), 100'000);
      });
      EXPECT_EQ(error.fault, Fault::unavailable);
      EXPECT_EQ(error.what(), "add a job in " + file_.string() + ": the disk is full");
      EXPECT_EQ(error.hint, "free space on that disk, then try again");
      EXPECT_TRUE(has_job(database, "0"));
    }
    std::filesystem::remove(disk / "filler");
    Database database(file_);
    EXPECT_TRUE(has_job(database, "0"));
    add_job(database, "again", 100'000);
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoMount) GTEST_SKIP() << "needs the right to mount a small disk";
  EXPECT_EQ(status, 0);
}

TEST_F(CrashTest, TakesTheReserveAgainAndOpensOnAFullDisk) {
  const int status = fork_and_wait([&] {
    const auto disk = folder_ / "state";
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", disk.c_str(), "tmpfs", 0, "size=32m,mode=0700") != 0)
      ::_exit(kNoMount);
    {
      Database database(file_);
      add_job(database, "a");
    }
    fill_disk(disk / "filler");
    {
      Database database(file_);
      add_job(database, "b", 100'000);
      EXPECT_FALSE(database.has_reserve());
      std::filesystem::remove(disk / "filler");
      add_job(database, "c");
      EXPECT_TRUE(database.has_reserve());
    }
    Database database(file_);
    EXPECT_TRUE(has_job(database, "a") && has_job(database, "b") && has_job(database, "c"));
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoMount) GTEST_SKIP() << "needs the right to mount a small disk";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace stoker::store
