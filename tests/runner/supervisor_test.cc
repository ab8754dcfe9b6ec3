#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/runner/program.h"

namespace stoker::runner {
namespace {

using Supervisor = RunnerTest;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(Supervisor, RecordsTheExitCode) {
  write_spec("echo one; exit 3");
  EXPECT_TRUE(has(status(), "\"state\":\"absent\""));
  start();
  const std::string ended = wait_for_state("exited");
  EXPECT_TRUE(has(ended, "\"exit\":{\"code\":3}")) << ended;
  EXPECT_EQ(number(ended, "log_bytes"), 4);
  EXPECT_GT(number(ended, "start_time"), 0);
  EXPECT_GT(number(ended, "ended_ms"), 1'600'000'000'000);
  EXPECT_EQ(log(), "one\n");
}

TEST_F(Supervisor, RecordsTheSignal) {
  write_spec("kill -SEGV $$");
  start();
  EXPECT_TRUE(has(wait_for_state("exited"), "\"exit\":{\"signal\":11}"));
}

TEST_F(Supervisor, GivesTheCommandItsWorld) {
  write_spec(
      "pwd; echo $STOKER_JOB_ID $STOKER_ATTEMPT $STOKER_ARTIFACTS $PYTHONUNBUFFERED $FROM_SPEC; "
      "ps -o pid=,pgid=,sid= -p $$ | (read p g s; [ $p = $g ] && [ $p = $s ] && echo leader); "
      "readlink /proc/self/fd/0; ls /proc/$$/fd >fds; wc -l <fds; echo err >&2");
  start();
  wait_for_state("exited");
  EXPECT_EQ(log(), job_.string() + "/work\nj1 1 " + job_.string() + "/artifacts 1 yes\nleader\n/dev/null\n3\nerr\n");
}

TEST_F(Supervisor, RunsOnceUnderRacingStarts) {
  write_spec("echo ran; exec sleep 60");
  std::vector<Child> starts;
  for (int i = 0; i < 8; ++i) starts.emplace_back(with_job({"start", "--phase", "train"}));
  int started = 0, refused = 0;
  for (auto& child : starts) {
    const Ran ran = child.finish();
    started += ran.code == 0;
    refused += ran.code == 76;
    EXPECT_TRUE(has(ran.output, "\"state\":\"running\"")) << ran.output;
    if (ran.code == 76) {
      EXPECT_EQ(ran.error, "stoker-runner: train was started before\n");
    }
  }
  EXPECT_EQ(started, 1);
  EXPECT_EQ(refused, 7);
  ASSERT_TRUE(wait_until([&] { return !log().empty(); }));
  EXPECT_EQ(log(), "ran\n");
  EXPECT_EQ(run({"stop", "--grace-ms", "1000"}).output, "{\"stopped\":true}\n");
  EXPECT_EQ(run({"start", "--phase", "train"}).code, 76);
}

TEST_F(Supervisor, SurvivesTheEndOfTheSession) {
  write_spec("sleep 0.5; echo done");
  // A session that starts the job and stays; then all of it is killed.
  std::string command =
      "setsid sh -c '" + program() + " start --phase train --job " + job_.string() + "; exec sleep 60'";
  Child session({"/bin/sh", "-c", "exec " + command});
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(job_ / "train.pid"); }));
  ::kill(-session.pid(), SIGKILL);
  ::kill(session.pid(), SIGKILL);
  EXPECT_TRUE(has(wait_for_state("exited"), "\"code\":0"));
  EXPECT_EQ(log(), "done\n");
}

TEST_F(Supervisor, TellsATrainingWithoutSupervisorFromALostOne) {
  write_spec("while [ ! -e go ]; do sleep 0.02; done; echo finished");
  start();
  const std::string running = wait_for_state("running");
  const auto supervisor = static_cast<pid_t>(number(read_text(job_ / "train.pid"), "runner_pid"));
  ASSERT_GT(supervisor, 1);
  ::kill(supervisor, SIGKILL);
  EXPECT_EQ(number(wait_for_state("unsupervised"), "pid"), number(running, "pid"));
  write_text(job_ / "work" / "go", "");
  const std::string lost = wait_for_state("lost");
  EXPECT_FALSE(has(lost, "\"exit\""));
  EXPECT_EQ(log(), "finished\n");
  EXPECT_EQ(number(lost, "log_bytes"), 9);
}

TEST_F(Supervisor, KnowsAnotherBoot) {
  write_spec("true");
  start();
  wait_for_state("exited");
  std::filesystem::remove(job_ / "train.exit");
  write_text(job_ / "train.started", R"({"boot_id":"another","started_ms":1})");
  wait_for_state("rebooted");  // the supervisor holds its lock for a moment after the exit is recorded
}

TEST_F(Supervisor, RefusesWithAReason) {
  EXPECT_EQ(run({"start", "--phase", "train"}).error, "stoker-runner: no spec.json in " + job_.string() + "\n");
  write_text(job_ / "spec.json", "{");
  EXPECT_EQ(run({"start", "--phase", "train"}).error, "stoker-runner: spec.json: not a JSON object\n");
  write_text(job_ / "spec.json", R"({"job":"j1","attempt":1,"phases":{"train":{}}})");
  EXPECT_EQ(run({"start", "--phase", "train"}).error, "stoker-runner: spec.json: phases.train.command is missing\n");
  EXPECT_EQ(run({"start", "--phase", "collect"}).code, 2);
  EXPECT_TRUE(has(status(), "\"state\":\"absent\""));
}

TEST_F(Supervisor, KeepsEverythingPrivate) {
  write_spec("true");
  start();
  wait_for_state("exited");
  for (const auto& entry : std::filesystem::directory_iterator(job_)) {
    if (entry.path().filename() == "spec.json") continue;
    struct stat info{};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0077, 0u) << entry.path();
  }
}

}  // namespace
}  // namespace stoker::runner
