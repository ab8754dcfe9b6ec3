// The `ssh` provider: jobs on a machine that its user owns, here a private sshd.
#include <fstream>

#include "core/private_file.h"
#include "tests/e2e/agent_fixture.h"
#include "tests/remote/sshd_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class SshMachineTest : public AgentTest {
 protected:
  SshMachineTest() : home(make_home()), sshd({"SetEnv=\"HOME=" + home.string() + "\""}) {
    write_private_file(folder / "key", sshd.user_key.private_key);
  }
  ~SshMachineTest() override { fs::remove_all(home); }

  // Beside the agent's own folder: the machine goes on when the agent has ended.
  static fs::path make_home() {
    std::string name = fs::temp_directory_path() / "stoker-e2e-home-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    return name;
  }

  void expect_nothing_left() const {
    EXPECT_TRUE(fs::is_empty(home / ".stoker" / "jobs"));
    EXPECT_TRUE(fs::is_empty(state() / "ssh")) << "the lease is still held";
    EXPECT_TRUE(eventually([this] { return processes_with("STOKER_JOB_FOLDER=" + home.string()).empty(); }, 2000));
    EXPECT_TRUE(eventually([this] { return processes_with("HOME=" + home.string() + '\0').empty(); }, 5000))
        << "a process of the job is left on the machine";
  }

  void configure(const std::string& host_key) const {
    const remote::Target target = sshd.target();
    write_config("config:\n  ssh:\n    host: 127.0.0.1\n    port: " + std::to_string(target.port) +
                 "\n    user: " + target.user + "\n    key: " + (folder / "key").string() +
                 "\n    host_key: " + host_key + "\n    name: the box\n");
  }

  static std::string one_line(std::string text) {
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
  }

  static std::string ssh_spec(const std::string& run, const std::string& more = {}) {
    std::string spec = job_spec(run, more);
    return spec.replace(spec.find("\"local\""), 7, "\"ssh\"");
  }

  const fs::path home;
  remote::Sshd sshd;
};

TEST_F(SshMachineTest, RunsJobsAndLeavesNothingBehind) {
  configure(one_line(sshd.target().host_public_key));
  start_agent();
  const std::string id = submit(ssh_spec(witness(100), R"("setup":"echo set up")"));
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_EQ(log_of(id), "set up\n" + witness_log(100));
  EXPECT_EQ(lines_of(artifact(id, "artifacts/starts")).size(), 1U);
  expect_gapless(id);
  EXPECT_TRUE(fs::exists(home / ".stoker")) << "the job was not on that machine";
  expect_nothing_left();

  const std::string cancelled = submit(ssh_spec(witness(10, folder / "never")));
  await_state(cancelled, "running");
  const std::string waiting = submit(ssh_spec("true"));
  const Json refused = await_end(waiting);
  EXPECT_EQ(refused["state"].text(), "failed");
  EXPECT_NE(refused["reason"].text(), "");
  EXPECT_EQ(api().call("POST", "/v1/jobs/" + cancelled + "/cancel").status, 202);
  EXPECT_EQ(await_end(cancelled)["state"].text(), "cancelled");
  expect_nothing_left();
}

TEST_F(SshMachineTest, SurvivesAnAgentAndTheNetwork) {
  configure(one_line(sshd.target().host_public_key));
  start_agent();
  const std::string id = submit(ssh_spec(witness(1000, folder / "gate")));
  ASSERT_TRUE(eventually([&] { return log_of(id) == witness_log(1000); }));
  sshd.cut_sessions();
  kill_agent();
  start_agent();
  sshd.cut_sessions();
  std::ofstream(folder / "gate").flush();
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_EQ(log_of(id), witness_log(1000) + "the gate is open\n");
  EXPECT_EQ(lines_of(artifact(id, "artifacts/starts")).size(), 1U);
}

TEST_F(SshMachineTest, IsRefusedWhenItsIdentityIsAnother) {
  configure(one_line(remote::generate_ssh_key("another").public_key));
  start_agent();
  const Json ended = await_end(submit(ssh_spec("echo $CANARY", R"("secrets":{"CANARY":"very secret indeed"})")));
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_THAT(ended["reason"].text(), HasSubstr("host key"));
  EXPECT_THAT(sshd.log(), Not(HasSubstr("Accepted publickey")));
  EXPECT_THAT(sshd.log(), Not(HasSubstr("userauth-request"))) << "the agent tried to log in to a stranger";
  EXPECT_TRUE(fs::is_empty(home));
  EXPECT_TRUE(fs::is_empty(state() / "ssh"));
}

}  // namespace
}  // namespace stoker::e2e
