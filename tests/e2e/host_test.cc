// The agent on a machine that is not as it should be: folders, ports, databases, disks, users.
#include <SQLiteCpp/Database.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class HostTest : public AgentTest {
 protected:
  // That `stoker serve` ends at once with code 1 and these words.
  void expect_no_start(const std::string& message, const std::string& hint, const Words& more_environment = {}) const {
    const Result ran = cli({"serve"}, more_environment);
    EXPECT_EQ(ran.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("stoker: " + message));
    EXPECT_THAT(ran.err, HasSubstr("hint: " + hint));
  }
};

TEST_F(HostTest, RefusesAStateFolderThatOthersCanRead) {
  ASSERT_EQ(::mkdir(state().c_str(), 0755), 0);
  expect_no_start(state().string() + " can be read or written by other users", "run: chmod 700 " + state().string());
  EXPECT_TRUE(fs::is_empty(state())) << "something was written before the refusal";
}

TEST_F(HostTest, RefusesAStoreThatOthersCanRead) {
  start_agent();
  stop_agent();
  for (const char* file : {"stoker.db", "token"}) {
    fs::permissions(state() / file, fs::perms::group_read, fs::perm_options::add);
    expect_no_start((state() / file).string() + " can be read or written by other users",
                    "run: chmod 600 " + (state() / file).string());
    fs::permissions(state() / file, fs::perms::group_read, fs::perm_options::remove);
  }
}

TEST_F(HostTest, RefusesATakenPort) {
  start_agent();
  const std::string port = lines_of(content(state() / "port")).at(0);
  const std::string other = (folder / "other").string();
  expect_no_start("can not listen on 127.0.0.1:" + port, "another agent may be running; choose another port",
                  {"STOKER_STATE_DIR=" + other, "STOKER_LISTEN=127.0.0.1:" + port});
  EXPECT_FALSE(fs::exists(fs::path(other) / "port"));
}

TEST_F(HostTest, APluginThatNeverReturnsDoesNotKeepTheAgentFromClosing) {
  const fs::path plugins = fs::path(program()).parent_path().parent_path() / "tests" / "plugins";
  write_config("plugins: [local, stuck]\nplugin_path: [" + plugins.string() + "]\n");
  start_agent();
  Answer offers;
  std::thread asking([&, client = api()] { offers = client.call("GET", "/v1/offers"); });
  ::usleep(300'000);
  const auto began = std::chrono::steady_clock::now();
  stop_agent();
  asking.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  EXPECT_EQ(offers.status, 503);
  EXPECT_THAT(offers.body, HasSubstr("the agent is closing"));
  EXPECT_THAT(agent_log(), HasSubstr("closing; trainings go on"));
}

TEST_F(HostTest, RefusesASecondAgentOnTheSameState) {
  start_agent();
  expect_no_start("another agent (pid " + std::to_string(agent) + ") works in " + state().string(),
                  "use that one, stop it with kill " + std::to_string(agent));
  EXPECT_EQ(api().call("GET", "/v1/health").status, 200) << "the first agent took harm";
}

TEST_F(HostTest, RefusesAStoreOfANewerVersionAndLeavesItAlone) {
  start_agent();
  stop_agent();
  const fs::path db = state() / "stoker.db";
  SQLite::Database(db.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  const std::string before = content(db);
  expect_no_start(db.string() + " is from a newer stoker (schema 99, this one knows ",
                  "install the newer version again, or give this one another state folder");
  EXPECT_TRUE(content(db) == before) << "the newer store was changed";
}

TEST_F(HostTest, RefusesADamagedStore) {
  start_agent();
  stop_agent();
  std::fstream(state() / "stoker.db", std::ios::in | std::ios::out).seekp(0).write("not a database!!", 16);
  const Result ran = cli({"serve"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr((state() / "stoker.db").string()));
}

TEST_F(HostTest, SaysThatSshdIsMissing) {
  write_config("config:\n  local:\n    sshd: /nonexistent/sshd\n");
  start_agent();
  const Json ended = await_end(submit(job_spec("true")));
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_THAT(ended["reason"].text(), HasSubstr("sshd is not at /nonexistent/sshd"));
  EXPECT_EQ(ended["hint"].text(), "apt install openssh-server");
}

// As another user: an account with a login shell, found in /etc/passwd.
TEST_F(HostTest, ServesAPlainUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "the other tests run as a plain user already";
  const passwd* found = nullptr;
  for (::setpwent(); (found = ::getpwent()) != nullptr;)
    if (found->pw_uid >= 1000 && found->pw_uid < 60000 && std::string(found->pw_shell).ends_with("/bash")) break;
  if (found == nullptr) GTEST_SKIP() << "this machine has no plain user with a login shell";
  const uid_t uid = found->pw_uid;
  const gid_t gid = found->pw_gid;
  ::endpwent();
  prefix = {"setpriv", "--reuid=" + std::to_string(uid), "--regid=" + std::to_string(gid), "--clear-groups"};
  if (cli({"version"}).code != 0) GTEST_SKIP() << "a plain user can not run " << program();
  for (const fs::path& path : {folder, folder / "state", folder / "config", folder / "home"})
    ASSERT_EQ(::chown(path.c_str(), uid, gid), 0);
  start_agent();
  struct stat info{};
  ASSERT_EQ(::stat(("/proc/" + std::to_string(agent)).c_str(), &info), 0);
  const std::string id = submit(job_spec("id -u; " + witness(10), R"("outputs":["out/"],"secrets":{"S":"hush-hush"})"));
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_EQ(log_of(id), std::to_string(uid) + "\n" + witness_log(10));
}

// The state folder is a small disk of its own, mounted where only this agent sees it.
class FullDiskTest : public AgentTest {
 protected:
  // False where that can not be done here.
  bool start_on_small_disk() {
    if (::geteuid() != 0 || run({"unshare", "-m", "true"}, environment()).code != 0) return false;
    fs::create_directory(state());
    prefix = {"unshare",
              "-m",
              "sh",
              "-c",
              "mount -t tmpfs -o size=160m,mode=700 none \"$1\" && shift && exec \"$@\"",
              "sh",
              state().string()};
    agent = e2e::start(
        [this] {
          Words words = prefix;
          words.insert(words.end(), {program(), "serve"});
          return words;
        }(),
        environment(), folder / "agent.log");
    return eventually([this] { return fs::exists(inside() / "port"); });
  }
  // The state folder as the agent sees it.
  fs::path inside() const { return fs::path("/proc") / std::to_string(agent) / "root" / state().relative_path(); }
  ApiClient inside_api() const {
    return {static_cast<uint16_t>(std::stoi(content(inside() / "port"))), content(inside() / "token").substr(0, 64)};
  }
  void fill() const {
    std::ofstream file(inside() / "ballast", std::ios::binary);
    for (const size_t piece : {size_t{1} << 20, size_t{1} << 12, size_t{1}})
      while (file.write(std::string(piece, 'x').data(), static_cast<std::streamsize>(piece)).flush()) continue;
  }
  Json end_of(const std::string& id) const {
    Json now = Json::parse("{}", "nothing");
    EXPECT_TRUE(eventually([&] {
      now = Json::parse(inside_api().call("GET", "/v1/jobs/" + id).body, "job");
      return !now["ended_ms"].is_null();
    })) << now.dump();
    return now;
  }
  void TearDown() override {
    if (agent > 0) stop_agent();
    AgentTest::TearDown();
  }
};

TEST_F(FullDiskTest, RefusesNewJobsAndGoesOnWhenThereIsRoomAgain) {
  if (!start_on_small_disk()) GTEST_SKIP() << "needs root and a mount namespace";
  const std::string gate = (folder / "gate").string();
  const std::string first =
      Json::parse(inside_api().call("POST", "/v1/jobs", job_spec(witness(100, gate))).body, "job")["id"].text();
  ASSERT_TRUE(eventually([&] { return content(inside() / "jobs" / first / "log").size() == witness_log(100).size(); }));
  fill();
  const Answer refused = inside_api().call("POST", "/v1/jobs", job_spec(witness(10)));
  std::string second;
  if (refused.status == 202) {
    second = Json::parse(refused.body, "job")["id"].text();  // the reserve was enough to take it on
  } else {
    EXPECT_THAT(refused.body, testing::AnyOf(HasSubstr("disk"), HasSubstr("space"))) << refused.status;
    EXPECT_GE(refused.status, 500);
  }
  EXPECT_EQ(inside_api().call("GET", "/v1/health").status, 200);
  std::ofstream(gate).flush();  // the training ends while nothing can be written
  ::usleep(500'000);
  EXPECT_EQ(inside_api().call("GET", "/v1/jobs/" + first).status, 200);

  fs::remove(inside() / "ballast");
  const Json ended = end_of(first);
  EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  EXPECT_EQ(content(inside() / "jobs" / first / "log"), witness_log(100) + "the gate is open\n");
  EXPECT_EQ(lines_of(inside_api().call("GET", "/v1/jobs/" + first + "/artifacts/artifacts/starts").body).size(), 1U);
  if (!second.empty()) {
    const Json other = end_of(second);
    EXPECT_THAT(other["state"].text(), testing::AnyOf("succeeded", "failed"));
  }
  const std::string third =
      Json::parse(inside_api().call("POST", "/v1/jobs", job_spec(witness(10))).body, "job")["id"].text();
  EXPECT_EQ(end_of(third)["state"].text(), "succeeded");
}

}  // namespace
}  // namespace stoker::e2e
