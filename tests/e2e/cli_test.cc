// The command line against a real agent: exit codes, following, Ctrl-C.
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class CliTest : public AgentTest {
 protected:
  std::string job_file(const std::string& script, const std::string& more = {}) const {
    std::string yaml = "run: |\n";
    for (const std::string& line : lines_of(script)) yaml += "  " + line + "\n";
    std::ofstream(folder / "job.yaml") << yaml << more;
    return folder / "job.yaml";
  }
  std::string only_job() const {
    const auto jobs = Json::parse(api().call("GET", "/v1/jobs").body, "jobs")["data"].items();
    EXPECT_EQ(jobs.size(), 1U);
    return jobs.empty() ? "" : jobs.front()["id"].text();
  }
  // An agent that the command line started is no child of ours.
  void adopt_background_agent() { background = std::stoi(content(state() / "lock")); }
  void TearDown() override {
    if (background > 0) {
      expect_nothing_rented();
      ::kill(background, SIGTERM);
    }
    AgentTest::TearDown();
  }
  pid_t background = -1;
};

TEST_F(CliTest, RunStartsAnAgentAndSaysHowTheJobEnded) {
  const Result well = cli({"run", job_file("echo trained\n")});
  ASSERT_EQ(well.code, 0) << well.err;
  adopt_background_agent();
  EXPECT_THAT(well.out, HasSubstr("trained\n"));
  EXPECT_THAT(well.err, HasSubstr("no agent was running: started one in the background (pid " +
                                  std::to_string(background) + ", log " + (state() / "agent.log").string() + ")"));
  EXPECT_THAT(well.err, HasSubstr(": succeeded"));

  const Result badly = cli({"run", job_file("exit 7\n")});
  EXPECT_EQ(badly.code, 1);
  EXPECT_THAT(badly.err, HasSubstr("reason: train exited with code 7"));
  EXPECT_THAT(badly.err, testing::Not(HasSubstr("no agent was running")));
  EXPECT_EQ(cli({"run", job_file("echo\n", "limts: 5\n")}).code, 2);
  EXPECT_EQ(cli({"run"}).code, 2);
}

TEST_F(CliTest, RunWithoutAnAgentThatCanStartIsThree) {
  ASSERT_EQ(::mkdir(state().c_str(), 0700), 0);
  std::ofstream(state() / "stoker.db") << "this is not a database, and long enough to be looked at as one";
  fs::permissions(state() / "stoker.db", fs::perms::owner_read | fs::perms::owner_write);
  const Result ran = cli({"run", job_file("echo\n")});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("the agent that was started ended at once: "));
  EXPECT_THAT(ran.err, HasSubstr("stoker.db"));
  EXPECT_EQ(cli({"jobs"}).code, 3);
}

TEST_F(CliTest, DetachedJobIsFollowedAcrossAgents) {
  start_agent();
  const fs::path gate = folder / "gate";
  const Result detached = cli({"run", "--detach", job_file(witness(3000, gate))});
  ASSERT_EQ(detached.code, 0) << detached.err;
  const std::string id = lines_of(detached.out).at(0);
  Result followed;
  std::thread follower([&] { followed = cli({"logs", "--follow", id}); });
  ASSERT_TRUE(eventually([&] { return log_of(id) == witness_log(3000); }));
  kill_agent();
  start_agent();
  std::ofstream(gate).flush();
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded");
  follower.join();
  EXPECT_EQ(followed.code, 0) << followed.err;
  EXPECT_TRUE(followed.out == witness_log(3000) + "the gate is open\n") << followed.out.size() << " bytes";
  EXPECT_EQ(cli({"logs", id}).out, witness_log(3000) + "the gate is open\n");
  EXPECT_THAT(cli({"jobs"}).out, HasSubstr(id));
  EXPECT_THAT(cli({"show", id}).out, HasSubstr("succeeded"));
}

TEST_F(CliTest, RunGoesOnWatchingAcrossAgents) {
  start_agent();
  const fs::path gate = folder / "gate";
  Result ran;
  std::thread runner([&] { ran = cli({"run", job_file(witness(200, gate))}); });
  ASSERT_TRUE(eventually([&] {
    const auto jobs = Json::parse(api().call("GET", "/v1/jobs").body, "jobs")["data"].items();
    return !jobs.empty() && log_of(jobs.front()["id"].text()) == witness_log(200);
  }));
  kill_agent();
  start_agent();
  std::ofstream(gate).flush();
  runner.join();
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, witness_log(200) + "the gate is open\n");
}

TEST_F(CliTest, CancelledByAnotherIs130) {
  start_agent();
  Result ran;
  std::thread runner([&] { ran = cli({"run", job_file("sleep 1000\n")}); });
  ASSERT_TRUE(eventually([&] {
    const auto jobs = Json::parse(api().call("GET", "/v1/jobs").body, "jobs")["data"].items();
    return !jobs.empty() && jobs.front()["state"].text() == "running";
  }));
  const Result cancelled = cli({"cancel", only_job()});
  EXPECT_EQ(cancelled.code, 0) << cancelled.err;
  runner.join();
  EXPECT_EQ(ran.code, 130) << ran.err;
  EXPECT_NE(cli({"cancel", only_job()}).code, 0);
}

// A person at a terminal.
class Terminal {
 public:
  Terminal(Words words, Words environment) {
    std::vector<char*> argv, envp;
    for (std::string& word : words) argv.push_back(word.data());
    for (std::string& entry : environment) envp.push_back(entry.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    const winsize size{24, 80, 0, 0};
    pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(127);
    }
  }
  ~Terminal() {
    if (!ended_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(master_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& keys) const {
    EXPECT_EQ(::write(master_, keys.data(), keys.size()), ssize_t(keys.size()));
  }
  bool shows(const std::string& text) {
    return eventually([&] { return read(), screen.find(text) != std::string::npos; }, 15'000);
  }
  int end() {
    int status = 0;
    ended_ = eventually([&] { return read(), ::waitpid(pid_, &status, WNOHANG) == pid_; }, 20'000);
    read();
    return ended_ && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string screen;

 private:
  void read() {
    pollfd ready{master_, POLLIN, 0};
    char bytes[4096];
    while (::poll(&ready, 1, 0) > 0) {
      const ssize_t n = ::read(master_, bytes, sizeof bytes);
      if (n <= 0) return;
      screen.append(bytes, static_cast<size_t>(n));
    }
  }

  int master_ = -1;
  pid_t pid_ = -1;
  bool ended_ = false;
};

TEST_F(CliTest, CtrlCAsksAndDetaches) {
  start_agent();
  Terminal terminal({program(), "run", job_file(witness(5, folder / "gate"))}, environment({"TERM=xterm"}));
  ASSERT_TRUE(terminal.shows("line 5")) << terminal.screen;
  terminal.type("\x03");
  ASSERT_TRUE(terminal.shows("[d]etach and let it run, or [c]ancel the job?")) << terminal.screen;
  terminal.type("d");
  EXPECT_EQ(terminal.end(), 0) << terminal.screen;
  EXPECT_THAT(terminal.screen, HasSubstr("detached; job " + only_job() + " goes on"));
  EXPECT_EQ(job_state(only_job()), "running");
  std::ofstream(folder / "gate").flush();
  EXPECT_EQ(await_end(only_job())["state"].text(), "succeeded");
}

TEST_F(CliTest, CtrlCAsksAndCancels) {
  start_agent();
  Terminal terminal({program(), "run", job_file(witness(5, folder / "never"))}, environment({"TERM=xterm"}));
  ASSERT_TRUE(terminal.shows("line 5")) << terminal.screen;
  terminal.type("\x03");
  ASSERT_TRUE(terminal.shows("[d]etach")) << terminal.screen;
  terminal.type("c");
  EXPECT_EQ(terminal.end(), 130) << terminal.screen;
  EXPECT_EQ(job_state(only_job()), "cancelled");
}

TEST_F(CliTest, CtrlCAgainLeavesTheCancellingToTheAgent) {
  start_agent();
  Terminal terminal({program(), "run", job_file("trap 'sleep 1; exit 0' INT\necho ready\nsleep 1000\n")},
                    environment({"TERM=xterm"}));
  ASSERT_TRUE(terminal.shows("ready")) << terminal.screen;
  terminal.type("\x03");
  ASSERT_TRUE(terminal.shows("[d]etach")) << terminal.screen;
  terminal.type("c");
  ASSERT_TRUE(terminal.shows("cancelling;")) << terminal.screen;
  terminal.type("\x03");
  EXPECT_EQ(terminal.end(), 130) << terminal.screen;
  EXPECT_THAT(terminal.screen, HasSubstr("is being cancelled by the agent"));
  EXPECT_EQ(await_end(only_job())["state"].text(), "cancelled");
}

TEST_F(CliTest, OutputCannotSteerTheTerminal) {
  start_agent();
  Terminal terminal({program(), "run", job_file("printf 'before\\033]0;owned\\007\\033[2Jafter\\n'\n")},
                    environment({"TERM=xterm"}));
  EXPECT_EQ(terminal.end(), 0) << terminal.screen;
  EXPECT_THAT(terminal.screen, HasSubstr("before"));
  EXPECT_THAT(terminal.screen, testing::Not(HasSubstr("\033]0;owned")));
  EXPECT_THAT(terminal.screen, testing::Not(HasSubstr("\033[2J")));
}

}  // namespace
}  // namespace stoker::e2e
