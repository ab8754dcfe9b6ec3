// Machines that are kept and serve one job after the other, and the ways into them.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "core/remote/libssh2_session.h"
#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr char kKeep[] = R"("after":{"keep_idle_minutes":30})";

class WarmTest : public AgentTest {
 protected:
  void SetUp() override { start_agent(); }

  // The machine that a first job left behind.
  std::string keep_one(const std::string& after = kKeep) {
    first = submit(job_spec("echo first; echo model > model.txt", after));
    const Json ended = await_end(first);
    EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
    return ended["instance_id"].text();
  }
  [[nodiscard]] Json instance(const std::string& id) const {
    return Json::parse(api().call("GET", "/v1/instances/" + id).body, "instance");
  }
  [[nodiscard]] size_t instances() const {
    return Json::parse(api().call("GET", "/v1/instances").body, "instances")["data"].items().size();
  }

  std::string first;
};

TEST_F(WarmTest, TheNextJobTakesTheKeptMachineAndDestroysIt) {
  const std::string machine = keep_one();
  EXPECT_TRUE(instance(machine)["idle"].boolean());
  EXPECT_EQ(instance(machine)["holder"].text(), first);
  const std::string listed = cli({"instances"}).out;
  EXPECT_THAT(listed, HasSubstr("kept"));
  EXPECT_THAT(listed, testing::AnyOf(HasSubstr("29m5"), HasSubstr("30m00s")));

  const std::string second = submit(job_spec("echo second; ls ..", R"("outputs":["out/"])"));
  const Json ended = await_end(second);
  ASSERT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  EXPECT_EQ(ended["instance_id"].text(), machine);
  ASSERT_EQ(ended["attempts"].items().size(), 1U);
  EXPECT_TRUE(ended["attempts"].items()[0]["reused"].boolean());
  std::string told;
  for (const Event& event : events(second))
    if (event.kind == "instance") told += event.data;
  EXPECT_THAT(told, HasSubstr(R"("reused":true)"));
  EXPECT_EQ(instances(), 1U);
  EXPECT_EQ(instance(machine)["state"].text(), "gone");
  EXPECT_EQ(instance(machine)["jobs"].integer(), 2);
  EXPECT_EQ(instance(machine)["holder"].text(), second);
  expect_gapless(second);
  expect_nothing_rented();
}

TEST_F(WarmTest, AJobThatKeepsLeavesItIdleAnew) {
  const std::string machine = keep_one();
  const std::string second = submit(job_spec("true", R"("after":{"keep_idle_minutes":60})"));
  ASSERT_EQ(await_end(second)["instance_id"].text(), machine);
  const Json kept = instance(machine);
  EXPECT_TRUE(kept["idle"].boolean());
  EXPECT_GT(*kept["goes_ms"].integer() - *kept["idle_since_ms"].integer(), 59 * 60'000);
  EXPECT_TRUE(fs::is_empty(remote_folder(first).parent_path())) << "files of a job are still on the machine";
}

// A person said so, and only a person takes it back.
TEST_F(WarmTest, WhatIsKeptWithoutALimitOutlivesAJobThatDestroys) {
  const std::string machine = keep_one(R"("after":"keep")");
  const std::string second = submit(job_spec("true"));
  ASSERT_EQ(await_end(second)["instance_id"].text(), machine);
  EXPECT_TRUE(instance(machine)["idle"].boolean());
  EXPECT_EQ(api().call("DELETE", "/v1/instances/" + machine + "/keep").status, 200);
  expect_nothing_rented();
}

TEST_F(WarmTest, OfTwoJobsAtOnceOneGetsIt) {
  const std::string machine = keep_one();
  std::vector<std::string> jobs;
  for (int i = 0; i < 3; ++i) jobs.push_back(submit(job_spec("sleep 1; echo done > \"$STOKER_ARTIFACTS/done\"")));
  int reused = 0;
  for (const std::string& id : jobs) {
    const Json ended = await_end(id);
    EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
    EXPECT_EQ(artifact(id, "artifacts/done"), "done\n");
    reused += ended["instance_id"].text() == machine ? 1 : 0;
  }
  EXPECT_EQ(reused, 1);
  EXPECT_EQ(instances(), 3U);
  expect_nothing_rented();
}

TEST_F(WarmTest, AMachineThatDoesNotAnswerIsLeftForAnother) {
  const std::string machine = keep_one();
  for (const pid_t pid : processes_with(machine))
    if (pid != agent) ::kill(pid, SIGKILL);
  const std::string second = submit(job_spec("echo second"));
  const Json ended = await_end(second);
  EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  EXPECT_NE(ended["instance_id"].text(), machine);
  EXPECT_THAT(agent_log(), HasSubstr("the kept machine " + machine + " can not be used: "));
  EXPECT_TRUE(instance(machine)["idle"].boolean());
}

TEST_F(WarmTest, AMachineInUseIsNotDestroyedByHand) {
  const std::string machine = keep_one();
  const std::string second = submit(job_spec("sleep 60"));
  await_state(second, "running");
  const Answer refused = api().call("DELETE", "/v1/instances/" + machine);
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("in use by job " + second));
  (void)api().call("POST", "/v1/jobs/" + second + "/cancel");
  EXPECT_EQ(await_end(second)["state"].text(), "cancelled");
  expect_nothing_rented();
}

// What a warm start takes beyond the SSH traffic that it can not do without: a login and nine commands.
TEST_F(WarmTest, StartsWithinASecondOfItsRoundTrips) {
  const std::string machine = keep_one();
  const Json access = Json::parse(api().call("POST", "/v1/instances/" + machine + "/access").body, "access");
  SystemClock clock;
  remote::LibsshConnector connector(clock);
  const remote::Target target{access["host"].text(), static_cast<uint16_t>(*access["port"].integer()),
                              access["user"].text(), access["private_key"].text(), access["host_public_key"].text()};
  const int64_t before = clock.mono_ms();
  const auto session = connector.connect(target, {});
  const int64_t logged_in = clock.mono_ms();
  constexpr int kCommands = 9;
  for (int i = 0; i < kCommands; ++i) {
    remote::Exec exec;
    exec.command = "exec true";
    EXPECT_EQ(session->exec(exec, {}).exit_code, 0);
  }
  const int64_t plain = clock.mono_ms() - before;
  EXPECT_EQ(api().call("DELETE", "/v1/instances/" + machine + "/hold").status, 200);
  const std::string second = submit(job_spec("date +%s%3N > \"$STOKER_ARTIFACTS/started\""));
  const Json ended = await_end(second);
  ASSERT_EQ(ended["instance_id"].text(), machine) << ended.dump();
  const int64_t took = std::stoll(artifact(second, "artifacts/started")) - *ended["created_ms"].integer();
  std::printf("login %lld ms, with %d commands %lld ms; submit to training started %lld ms\n",
              static_cast<long long>(logged_in - before), kCommands, static_cast<long long>(plain),
              static_cast<long long>(took));
  EXPECT_LT(took, plain + 1000);
}

class AccessTest : public WarmTest {
 protected:
  // Where the command line puts keys while ssh runs.
  fs::path runtime() {
    const fs::path made = folder / "runtime";
    fs::create_directory(made);
    ::chmod(made.c_str(), 0700);
    return made;
  }
};

TEST_F(AccessTest, SshRunsACommandWithThePinnedKeyAndLeavesNone) {
  const std::string machine = keep_one();
  const Words more = {"XDG_RUNTIME_DIR=" + runtime().string()};
  const Result done =
      cli({"ssh", machine.substr(0, machine.size() - 2), "--", "echo", "in $STOKER_INSTANCE; exit 7"}, more);
  EXPECT_EQ(done.code, 7) << done.err;
  EXPECT_EQ(done.out, "in " + machine + "\n");
  EXPECT_TRUE(fs::is_empty(runtime())) << "a key is left";
  EXPECT_THAT(agent_log(), HasSubstr("admin was given the SSH key of " + machine));
  EXPECT_THAT(agent_log(), Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(AccessTest, WithoutASshClientItSaysSo) {
  const std::string machine = keep_one();
  const Result done = run({"/usr/bin/env", "PATH=" + folder.string(), program(), "ssh", machine}, environment());
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("there is no ssh on this computer"));
}

TEST_F(AccessTest, AMachineThatIsGoneHasNoAccess) {
  const std::string machine = keep_one();
  EXPECT_EQ(cli({"destroy", machine}).code, 0);
  expect_nothing_rented();
  const Answer refused = api().call("POST", "/v1/instances/" + machine + "/access");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("nobody can log in to " + machine));
}

TEST_F(AccessTest, ATunnelLeadsToAPortOfTheMachine) {
  const std::string machine = keep_one();
  const fs::path script = folder / "server.py";
  std::ofstream(script) << "import http.server,sys\n"
                           "s=http.server.HTTPServer(('127.0.0.1',0),http.server.SimpleHTTPRequestHandler)\n"
                           "open(sys.argv[1],'w').write(str(s.server_port)+'\\n')\ns.serve_forever()\n";
  const fs::path port = folder / "server-port";
  const pid_t server = start({"/usr/bin/python3", script, port}, environment(), folder / "server.log");
  ASSERT_TRUE(eventually([&] { return content(port).ends_with('\n'); }));
  const std::string remote = lines_of(content(port)).at(0);
  const std::string local = std::to_string(20'000 + ::getpid() % 10'000);
  Words words = {program(), "tunnel", machine, local + ":" + remote};
  const pid_t tunnel = start(words, environment({"XDG_RUNTIME_DIR=" + runtime().string()}), folder / "tunnel.log");
  std::string answer;
  EXPECT_TRUE(eventually([&] {
    answer = run({"/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:" + local + "/"},
                 environment())
                 .out;
    return answer == "200";
  })) << answer
      << content(folder / "tunnel.log");
  ::kill(tunnel, SIGINT);
  EXPECT_EQ(wait_for(tunnel, 5000), 0) << content(folder / "tunnel.log");
  EXPECT_TRUE(fs::is_empty(runtime())) << "a key is left";
  ::kill(server, SIGKILL);
  wait_for(server, 5000);
  EXPECT_EQ(cli({"tunnel", machine, "x:1"}).code, 2);
}

class CheckpointTest : public WarmTest {
 protected:
  // Writes a checkpoint a second for `count` seconds and removes all but the two newest, as save_total_limit does.
  static std::string trainer(int count) {
    return "for i in $(seq 1 " + std::to_string(count) +
           "); do d=out/checkpoint-$i; mkdir -p $d; head -c 200000 /dev/urandom > $d/model.bin; echo $i > $d/step;"
           " echo '{}' > $d/trainer_state.json; rm -rf out/checkpoint-$((i-2)); echo saved $i; sleep 1; done";
  }
  static constexpr char kSpec[] = R"("checkpoints":{"path":"out/checkpoint-*","every_minutes":0.01,"keep":2})";

  [[nodiscard]] std::vector<std::string> home(const std::string& id) const {
    std::vector<std::string> files;
    const fs::path root = state() / "jobs" / id / "artifacts";
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(root));
    std::sort(files.begin(), files.end());
    return files;
  }
  [[nodiscard]] std::vector<std::string> listed(const std::string& id) const {
    std::vector<std::string> files;
    const Json all = Json::parse(api().call("GET", "/v1/jobs/" + id + "/artifacts").body, "artifacts");
    for (const Json& one : all["data"].items()) {
      EXPECT_TRUE(one["complete"].boolean()) << one.dump();
      files.push_back(one["path"].text());
    }
    return files;
  }
  [[nodiscard]] int told_home(const std::string& id) const {
    int count = 0;
    for (const Event& event : events(id))
      if (event.kind == "checkpoint" && event.data.find(R"("home":true)") != std::string::npos) ++count;
    return count;
  }
  void expect_the_newest_two(const std::string& id, int last) const {
    std::vector<std::string> wanted;
    for (int i : {last - 1, last})
      for (const char* name : {"model.bin", "step", "trainer_state.json"})
        wanted.push_back("out/checkpoint-" + std::to_string(i) + "/" + name);
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(home(id), wanted);
    EXPECT_EQ(listed(id), wanted);
    EXPECT_EQ(artifact(id, "out/checkpoint-" + std::to_string(last) + "/step"), std::to_string(last) + "\n");
  }
};

TEST_F(CheckpointTest, ComeHomeWholeWhileTheTrainingGoesOn) {
  const std::string id = submit(job_spec(trainer(19), kSpec));
  ASSERT_TRUE(eventually([&] { return told_home(id) >= 1; }));
  EXPECT_EQ(job_state(id), "running");
  const size_t early = listed(id).size();
  EXPECT_GE(early, 3U);
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  EXPECT_GE(told_home(id), 3);
  expect_the_newest_two(id, 19);
  EXPECT_THAT(agent_log(), Not(HasSubstr("a checkpoint could not be fetched")));
}

TEST_F(CheckpointTest, ACrashInBetweenLeavesNothingHalf) {
  stop_agent();
  for (const char* point : {"after checkpoint begun", "before checkpoint home", "after checkpoint home"}) {
    SCOPED_TRACE(point);
    const fs::path trace = folder / (std::string("trace ") + point);
    ASSERT_TRUE(try_start({program("gated-agent")},
                          {std::string("STOKER_E2E_GATE=kill ") + point, "STOKER_E2E_TRACE=" + trace.string()}));
    const std::string id = submit(job_spec(trainer(10), kSpec));
    ASSERT_TRUE(eventually([&] { return agent_ended(); })) << "it did not come to that commit";
    start_agent();
    const Json ended = await_end(id);
    EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
    expect_the_newest_two(id, 10);
    expect_gapless(id);
    stop_agent();
  }
  start_agent();
}

}  // namespace
}  // namespace stoker::e2e
