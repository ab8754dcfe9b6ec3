// The local provider with real sshds, and the system's ssh to look inside.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "tests/plugins/loaded_provider.h"
#include "tests/plugins/workshop.h"

namespace stoker::test {
namespace {

namespace fs = std::filesystem;

class Local : public testing::Test {
 protected:
  Local() : key_(workshop_.make_key("key")), directory_(workshop_ / "instances"), local_("local", config()) {
    EXPECT_EQ(local_.status, STOKER_OK) << local_.call.message;
  }
  ~Local() override {
    for (const auto& instance : local_.find("")) local_.remove(instance.id);
  }

  std::vector<std::pair<std::string, std::string>> config() const { return {{"directory", directory_.string()}}; }

  Instance create(const std::string& token) {
    const auto made = local_.create(token, key_, "local");
    EXPECT_EQ(local_.status, STOKER_OK) << local_.call.message;
    EXPECT_EQ(made.size(), 1U);
    return made.empty() ? Instance{} : made.front();
  }

  // The system's client, which trusts exactly the host key the provider gave.
  std::string ssh_command(const Instance& instance, const std::string& options = "") const {
    std::ofstream(workshop_ / "known_hosts")
        << "[127.0.0.1]:" << instance.ssh_port << " " << instance.host_public_key << "\n";
    return "ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o "
           "UserKnownHostsFile=" +
           (workshop_ / "known_hosts").string() + " -i " + (workshop_ / "key").string() + " -p " +
           std::to_string(instance.ssh_port) + " " + options + " " + instance.ssh_user + "@127.0.0.1 ";
  }

  Workshop workshop_;
  std::string key_;
  fs::path directory_;
  LoadedProvider local_;
};

// A zombie has ended too: nobody may be there to reap it.
bool ended(pid_t pid) {
  const auto stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || stat.compare(name_end, 4, ") Z ") == 0;
}

TEST_F(Local, DescribesItself) {
  EXPECT_STREQ(local_.plugin().id, "local");
  EXPECT_EQ(local_.descriptor().capabilities,
            STOKER_CAP_LOCAL_SYSTEM | STOKER_CAP_HOST_KEY | STOKER_CAP_NATIVE_IDEMPOTENCY);
  EXPECT_EQ(local_.descriptor().power_off, STOKER_POWER_OFF_FORBIDDEN);
}

TEST_F(Local, OffersThisMachineForNothing) {
  const auto offers = local_.list_offers();
  ASSERT_EQ(local_.status, STOKER_OK) << local_.call.message;
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].id, "local");
  EXPECT_EQ(offers[0].price.per_hour.micros, 0);
  EXPECT_EQ(offers[0].cpu_arch + "\n", shell("uname -m").output);
  EXPECT_EQ(offers[0].machine + "\n", shell("uname -n").output);
  EXPECT_GE(offers[0].vcpus, 1U);
  EXPECT_GT(offers[0].mem_bytes, 1U << 20);
  EXPECT_EQ(local_.validate() + "\n", shell("id -un").output);
}

TEST_F(Local, LoginHasItsOwnHomeAndMark) {
  const auto instance = create("t-1");
  EXPECT_EQ(instance.state, STOKER_INSTANCE_RUNNING) << instance.status_text;
  EXPECT_EQ(instance.ssh_host, "127.0.0.1");
  EXPECT_TRUE(instance.host_public_key.starts_with("ssh-ed25519 AAAA"));
  EXPECT_TRUE(instance.opaque.starts_with("local/1"));
  const auto home = (directory_ / "t-1" / "home").string();
  const auto seen =
      shell(ssh_command(instance) + "'echo \"$HOME $STOKER_INSTANCE $(pwd) $PATH\"; echo \"two  words\"; exit 7'");
  EXPECT_EQ(seen.output, home + " t-1 " + home + " " + std::getenv("PATH") + "\ntwo  words\n");
  EXPECT_EQ(seen.exit_code, 7);
  EXPECT_EQ(shell("printf 'a\\0b' | " + ssh_command(instance) + "'cat > x; wc -c < ~/x'").output, "3\n");
}

TEST_F(Local, SftpBeginsInTheHome) {
  const auto instance = create("t-1");
  std::ofstream(workshop_ / "sent") << "hello";
  (void)ssh_command(instance);  // writes known_hosts
  const auto sent = shell("echo 'put " + (workshop_ / "sent").string() +
                          " got' | sftp -F /dev/null -q -b - -o BatchMode=yes -o "
                          "IdentitiesOnly=yes -o UserKnownHostsFile=" +
                          (workshop_ / "known_hosts").string() + " -i " + (workshop_ / "key").string() + " -P " +
                          std::to_string(instance.ssh_port) + " " + instance.ssh_user + "@127.0.0.1");
  EXPECT_EQ(sent.exit_code, 0) << sent.output;
  EXPECT_EQ(text_of(directory_ / "t-1" / "home" / "got"), "hello");
}

TEST_F(Local, OnlyTheKeyOfTheRequestLogsIn) {
  const auto instance = create("t-1");
  (void)workshop_.make_key("other");
  const auto other =
      shell(ssh_command(instance, "-o IdentityFile=none -o IdentityAgent=none -i " + (workshop_ / "other").string()) +
            "true");
  EXPECT_EQ(other.exit_code, 0) << "the right key is still among them: " << other.output;
  fs::rename(workshop_ / "key", workshop_ / "kept");
  const auto refused =
      shell(ssh_command(instance, "-o IdentityAgent=none -i " + (workshop_ / "other").string()) + "true");
  EXPECT_EQ(refused.exit_code, 255);
  EXPECT_NE(refused.output.find("Permission denied (publickey)"), std::string::npos) << refused.output;
}

TEST_F(Local, FilesAreThoseOfTheUserAlone) {
  create("t-1");
  EXPECT_EQ(fs::status(directory_ / "t-1").permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(directory_ / "t-1" / "host_key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(directory_ / "t-1" / "authorized_keys").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Local, SameTokenIsTheSameInstance) {
  const auto first = create("t-1");
  const auto second = create("t-1");
  EXPECT_EQ(first.ssh_port, second.ssh_port);
  EXPECT_EQ(first.host_public_key, second.host_public_key);
  EXPECT_EQ(local_.find("owner").size(), 1U);
  EXPECT_EQ(local_.find("somebody else").size(), 0U);
  EXPECT_EQ(local_.find("owner", "t-1").size(), 1U);
  EXPECT_EQ(local_.find("owner", "t-2").size(), 0U);
  EXPECT_EQ(local_.create("t-1", workshop_.make_key("other"), "local").size(), 0U);
  EXPECT_EQ(local_.status, STOKER_E_CONFLICT);
  EXPECT_EQ(local_.call.message, "instance t-1 exists with another offer, key or owner");
}

TEST_F(Local, TwoInstancesDoNotTouch) {
  const auto one = create("t-1");
  const auto two = create("t-2");
  EXPECT_NE(one.ssh_port, two.ssh_port);
  EXPECT_EQ(local_.remove("t-1"), STOKER_OK) << local_.call.message;
  EXPECT_EQ(local_.get("t-2").at(0).state, STOKER_INSTANCE_RUNNING);
  EXPECT_EQ(shell(ssh_command(two) + "echo up").output, "up\n");
}

TEST_F(Local, RemoveEndsEveryProcess) {
  const auto instance = create("t-1");
  const auto started = shell(ssh_command(instance) +
                             "'setsid nohup sleep 1000 >/dev/null 2>&1 < /dev/null & echo $!;"
                             " (trap \"\" TERM; exec setsid sleep 1001) >/dev/null 2>&1 < /dev/null & echo $!'");
  std::istringstream lines(started.output);
  pid_t quiet = 0, stubborn = 0;
  ASSERT_TRUE(lines >> quiet >> stubborn) << started.output;
  ASSERT_EQ(::kill(quiet, 0), 0);
  std::ofstream(directory_ / "t-1" / "home" / "file") << "x";
  fs::create_directory(directory_ / "t-1" / "home" / "closed");
  std::ofstream(directory_ / "t-1" / "home" / "closed" / "file") << "x";
  fs::permissions(directory_ / "t-1" / "home" / "closed", fs::perms::owner_read | fs::perms::owner_exec);

  EXPECT_EQ(local_.remove("t-1"), STOKER_OK) << local_.call.message;
  EXPECT_TRUE(ended(quiet));
  EXPECT_TRUE(ended(stubborn));
  EXPECT_FALSE(fs::exists(directory_ / "t-1"));
  EXPECT_TRUE(fs::is_empty(directory_));
  EXPECT_EQ(local_.get("t-1").size(), 0U);
  EXPECT_EQ(local_.status, STOKER_E_NOT_FOUND);
  EXPECT_EQ(local_.call.message, "there is no local instance t-1");
  EXPECT_EQ(local_.remove("t-1"), STOKER_OK);
}

TEST_F(Local, AnotherAgentFindsAndRemovesIt) {
  const auto instance = create("t-1");
  LoadedProvider later("local", config());
  const auto found = later.find("owner");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].state, STOKER_INSTANCE_RUNNING);
  EXPECT_EQ(found[0].ssh_port, instance.ssh_port);
  EXPECT_EQ(later.remove("t-1"), STOKER_OK) << later.call.message;
  EXPECT_EQ(later.find("owner").size(), 0U);
  EXPECT_NE(shell(ssh_command(instance) + "true").exit_code, 0);
}

// The same token in the instances of another agent, and a folder that only begins alike, are no mark.
TEST_F(Local, RemoveLeavesUnmarkedProcessesAlone) {
  create("t-1");
  const auto started = shell("STOKER_INSTANCE=t-1 STOKER_INSTANCE_FOLDER=" + (directory_ / "t-11").string() +
                             " setsid sleep 1000 >/dev/null 2>&1 & echo $!");
  const pid_t bystander = std::stoi(started.output);
  EXPECT_EQ(local_.remove("t-1"), STOKER_OK);
  EXPECT_EQ(::kill(bystander, 0), 0);
  ::kill(bystander, SIGKILL);
}

TEST_F(Local, DeadServerIsAFailedInstance) {
  create("t-1");
  const pid_t server = std::stoi(text_of(directory_ / "t-1" / "launched"));
  ASSERT_EQ(::kill(server, SIGKILL), 0);
  for (int i = 0; i < 200 && local_.get("t-1").at(0).state == STOKER_INSTANCE_RUNNING; ++i) ::usleep(5000);
  const auto found = local_.get("t-1").at(0);
  EXPECT_EQ(found.state, STOKER_INSTANCE_FAILED);
  EXPECT_EQ(found.status_text, "its sshd (process " + std::to_string(server) + ") has ended");
  EXPECT_EQ(create("t-1").state, STOKER_INSTANCE_FAILED);
  EXPECT_EQ(local_.remove("t-1"), STOKER_OK);
}

// A pid that another process has now: only the start time tells.
TEST_F(Local, ReusedPidIsNotTheServer) {
  create("t-1");
  const auto launched = directory_ / "t-1" / "launched";
  const auto real = text_of(launched);
  auto forged = real;
  const auto me = std::to_string(::getpid());
  forged.replace(0, forged.find(' '), me);
  std::ofstream(launched) << forged;
  EXPECT_EQ(local_.get("t-1").at(0).state, STOKER_INSTANCE_FAILED);
  std::ofstream(launched) << real;
  EXPECT_EQ(local_.get("t-1").at(0).state, STOKER_INSTANCE_RUNNING);
}

TEST_F(Local, EarlierBootIsAFailedInstance) {
  create("t-1");
  const auto record = directory_ / "t-1" / "record";
  auto text = text_of(record);
  const auto boot = text.find("boot=") + 5;
  text.replace(boot, 1, text[boot] == '0' ? "1" : "0");
  std::ofstream(record) << text;
  EXPECT_EQ(local_.get("t-1").at(0).state, STOKER_INSTANCE_FAILED);
  EXPECT_EQ(local_.get("t-1").at(0).status_text, "this machine was started anew since");
  ::kill(std::stoi(text_of(directory_ / "t-1" / "launched")), SIGKILL);
}

TEST_F(Local, InterruptedCreateIsTakenUp) {
  fs::create_directories(directory_ / "t-1" / "home");
  EXPECT_EQ(local_.find("owner").size(), 0U);
  EXPECT_EQ(create("t-1").state, STOKER_INSTANCE_RUNNING);
  fs::create_directories(directory_ / "t-2.removed");
  EXPECT_EQ(local_.remove("t-1"), STOKER_OK);
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(Local, ServerHoldsNoDescriptorOfOurs) {
  const int leaked = ::dup(STDOUT_FILENO);  // without CLOEXEC, as libraries of the agent open theirs
  create("t-1");
  const pid_t server = std::stoi(text_of(directory_ / "t-1" / "launched"));
  EXPECT_EQ(::getsid(server), server);
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(server) + "/fd")) {
    const auto target = fs::read_symlink(entry.path()).string();
    EXPECT_TRUE(target == "/dev/null" || target.starts_with("socket:") ||
                target.starts_with((directory_ / "t-1").string()))
        << target;
  }
  ::close(leaked);
}

TEST_F(Local, OddIdsAreUnknown) {
  for (const char* id : {"", "..", "../x", "a/b", "t_1", "."}) {
    EXPECT_EQ(local_.get(id).size(), 0U);
    EXPECT_EQ(local_.status, STOKER_E_NOT_FOUND) << id;
    EXPECT_EQ(local_.remove(id), STOKER_OK) << id;
    EXPECT_EQ(local_.create(id, key_, "local").size(), 0U);
    EXPECT_EQ(local_.status, STOKER_E_INVALID) << id;
  }
  EXPECT_EQ(local_.create("t-1", key_, "remote").size(), 0U);
  EXPECT_EQ(local_.call.message, "there is no offer remote; the only one is local");
  EXPECT_EQ(local_.create("t-1", "", "local").size(), 0U);
  EXPECT_EQ(local_.call.message, "the request carries no SSH public key");
}

TEST_F(Local, CancelledCreateLeavesNothing) {
  local_.call.is_cancelled = true;
  EXPECT_EQ(local_.create("t-1", key_, "local").size(), 0U);
  EXPECT_EQ(local_.status, STOKER_E_CANCELLED) << local_.call.message;
  local_.call.is_cancelled = false;
  EXPECT_EQ(local_.find("owner").size(), 0U);
  EXPECT_FALSE(fs::exists(directory_ / "t-1"));
}

TEST(LocalSetup, MissingServerSaysHowToGetIt) {
  const Workshop workshop;
  LoadedProvider local("local", {{"directory", (workshop / "d").string()}, {"sshd", "/nowhere/sshd"}});
  ASSERT_EQ(local.status, STOKER_OK);
  local.validate();
  EXPECT_EQ(local.status, STOKER_E_UNSUPPORTED);
  EXPECT_EQ(local.call.message, "sshd is not at /nowhere/sshd");
  EXPECT_EQ(local.call.hint, "apt install openssh-server");
  EXPECT_EQ(local.create("t-1", "ssh-ed25519 AAAA", "local").size(), 0U);
  EXPECT_EQ(local.status, STOKER_E_UNSUPPORTED);
}

TEST(LocalSetup, DirectoryMustBeWritableInAConfiguration) {
  LoadedProvider relative("local", {{"directory", "here"}});
  EXPECT_EQ(relative.status, STOKER_E_INVALID);
  EXPECT_EQ(relative.call.config_key, "directory");
  LoadedProvider none("local", {});
  EXPECT_EQ(none.call.message, "directory is not set");
}

TEST(LocalSetup, DirectoryMayHaveSpaces) {
  const Workshop workshop;
  const auto key = workshop.make_key("key");
  LoadedProvider local("local", {{"directory", (workshop / "with two spaces").string()}});
  const auto made = local.create("t-1", key, "local");
  ASSERT_EQ(made.size(), 1U) << local.call.message;
  const auto seen =
      shell("ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -q -i " +
            (workshop / "key").string() + " -p " + std::to_string(made[0].ssh_port) + " " + made[0].ssh_user +
            "@127.0.0.1 pwd");
  EXPECT_EQ(seen.output, (workshop / "with two spaces/t-1/home\n").string());
  EXPECT_EQ(local.remove("t-1"), STOKER_OK);
}

}  // namespace
}  // namespace stoker::test
