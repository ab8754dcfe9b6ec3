// The user's own SSH keys log in to what is rented: on this machine, and on the machines of every cloud.
#include "tests/e2e/cloud_fixture.h"
#include "tests/e2e/crash_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;

// What `command` prints on the machine of the job, or why it could not be asked.
std::string log_in(const fs::path& key, const Json& machine, const std::string& command) {
  const Result ran = run({"/usr/bin/ssh", "-F", "/dev/null", "-i", key.string(), "-o", "IdentitiesOnly=yes", "-o",
                          "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                          "LogLevel=ERROR", "-p", std::to_string(machine["ssh_port"].integer().value_or(0)),
                          machine["ssh_user"].text() + "@" + machine["ssh_host"].text(), command},
                         {"PATH=/usr/bin:/bin", "HOME=" + key.parent_path().string()});
  return ran.code == 0 ? ran.out : "code " + std::to_string(ran.code) + ": " + ran.err;
}

Json open_machine(const ApiClient& api) {
  return Json::parse(api.call("GET", "/v1/instances").body, "instances")["data"].items().at(0);
}

class LoginKey : public AgentTest {};

TEST_F(LoginKey, OpensAMachineThatWasMadeWhileItWasThere) {
  start_agent();
  const fs::path mine = folder / "mine", later = folder / "later";
  ASSERT_EQ(cli({"keys", "create", "mine", "--out", mine.string()}).code, 0);
  const std::string id = submit(job_spec(witness(10, folder / "gate")));
  await_state(id, "running");
  ASSERT_EQ(cli({"keys", "create", "later", "--out", later.string()}).code, 0);
  const Json machine = open_machine(api());
  EXPECT_EQ(log_in(mine, machine, "echo I am in"), "I am in\n");
  EXPECT_THAT(log_in(later, machine, "echo I am in"), testing::HasSubstr("Permission denied"));
  // The agent that takes it up again asks for the same.
  kill_agent();
  start_agent();
  await_state(id, "running");
  EXPECT_EQ(log_in(mine, open_machine(api()), "echo still"), "still\n");
  EXPECT_EQ(cli({"keys", "remove", "mine"}).code, 0);
  EXPECT_EQ(api().call("POST", "/v1/jobs/" + id + "/cancel").status, 202);
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");

  const std::string second = submit(job_spec(witness(10, folder / "gate")));
  await_state(second, "running");
  EXPECT_EQ(log_in(later, open_machine(api()), "echo later"), "later\n");
  EXPECT_THAT(log_in(mine, open_machine(api()), "echo mine"), testing::HasSubstr("Permission denied"));
  (void)api().call("POST", "/v1/jobs/" + second + "/cancel");
  await_end(second);
}

class LoginKeyCrash : public CrashFixture {
 protected:
  [[nodiscard]] Words names() const {
    Words list;
    for (const Json& one : Json::parse(cli({"keys", "--json"}).out, "keys")["data"].items())
      list.push_back(one["name"].text());
    return list;
  }
};

TEST_F(LoginKeyCrash, AKeyIsThereWhollyOrNotAtAll) {
  start_agent();
  const fs::path file = folder / "mine";
  const Words create = {"keys", "create", "mine", "--out", file.string()};
  crash_during("before add ssh key", create);
  EXPECT_THAT(names(), testing::IsEmpty());
  crash_during("after add ssh key", create);
  EXPECT_EQ(names(), Words{"mine"});
  EXPECT_FALSE(fs::exists(file)) << "its private half was lost with the answer";
  const Result taken = cli(create);
  EXPECT_EQ(taken.code, 1);
  EXPECT_THAT(taken.err, testing::HasSubstr("the name mine is taken by SSH key key-"));

  crash_during("before remove ssh key", {"keys", "remove", "mine"});
  EXPECT_EQ(names(), Words{"mine"});
  crash_during("after remove ssh key", {"keys", "remove", "mine"});
  EXPECT_THAT(names(), testing::IsEmpty());
  EXPECT_EQ(cli(create).code, 0);
  EXPECT_THAT(content(file), testing::HasSubstr("PRIVATE KEY"));
}

class CloudLoginKey : public CloudTest, public testing::WithParamInterface<const char*> {};

TEST_P(CloudLoginKey, OpensItsMachine) {
  start_cloud(20);
  enable({GetParam()});
  start_fast_agent();
  connect(GetParam());
  const fs::path mine = folder / "mine", imported = folder / "imported", stranger = folder / "stranger";
  ASSERT_EQ(cli({"keys", "create", "mine", "--out", mine.string()}).code, 0);
  for (const fs::path& file : {imported, stranger})
    ASSERT_EQ(run({"/usr/bin/ssh-keygen", "-q", "-t", file == imported ? "rsa" : "ed25519", "-N", "", "-C", "me: \"x\"",
                   "-f", file.string()},
                  {})
                  .code,
              0);
  ASSERT_EQ(cli({"keys", "add", imported.string() + ".pub"}).code, 0);
  const std::string id = submit(cloud_job(GetParam(), "sleep 100"));
  await_state(id, "running");
  const Json machine = open_machine(api());
  EXPECT_EQ(log_in(mine, machine, "id -un"), machine["ssh_user"].text() + "\n");
  EXPECT_EQ(log_in(imported, machine, "id -un"), machine["ssh_user"].text() + "\n");
  EXPECT_THAT(log_in(stranger, machine, "id -un"), testing::HasSubstr("Permission denied"));
  (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  expect_nothing_left(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Clouds, CloudLoginKey, testing::ValuesIn({"lambda", "digitalocean", "aws", "gcp", "vast"}),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace stoker::e2e
