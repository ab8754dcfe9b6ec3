// The ssh provider; its machine is an instance of the local provider.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/plugins/loaded_provider.h"
#include "tests/plugins/workshop.h"

namespace stoker::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDGWyYPkD2FVuMXPrtTQ8aJ8Xb5rYVhfDpVIKXqTZ5Vz";

class Ssh : public testing::Test {
 protected:
  using Settings = std::vector<std::pair<std::string, std::string>>;

  Ssh() : public_key_(workshop_.make_key("key")) {}

  Settings settings(const Settings& changes = {}) const {
    Settings made{{"host", "gpu.example"},
                  {"user", "ubuntu"},
                  {"key", (workshop_ / "key").string()},
                  {"host_key", kHostKey},
                  {"directory", (workshop_ / "leases").string()},
                  {"name", "big box"},
                  {"gpu", "RTX-4090"},
                  {"price_per_hour", "0.35"}};
    for (const auto& [key, value] : changes) {
      std::erase_if(made, [&key = key](const auto& row) { return row.first == key; });
      made.emplace_back(key, value);
    }
    return made;
  }

  Workshop workshop_;
  std::string public_key_;
};

TEST_F(Ssh, OffersTheMachineAsConfigured) {
  LoadedProvider ssh("ssh", settings());
  ASSERT_EQ(ssh.status, STOKER_OK) << ssh.call.message;
  const auto offers = ssh.list_offers();
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].machine, "big box");
  EXPECT_EQ(offers[0].gpu_model, "RTX-4090");
  EXPECT_EQ(offers[0].gpu_count, 1U);
  EXPECT_EQ(offers[0].price.per_hour.micros, 350000);
  EXPECT_EQ(ssh.validate(), "ubuntu@gpu.example:22");
  EXPECT_EQ(ssh.status, STOKER_OK) << ssh.call.message;
}

TEST_F(Ssh, LeaseIsHeldByOneToken) {
  LoadedProvider ssh("ssh", settings({{"port", "2222"}}));
  const auto made = ssh.create("t-1", public_key_, "ssh", "owner", "stk-job-1");
  ASSERT_EQ(made.size(), 1U) << ssh.call.message;
  EXPECT_EQ(made[0].state, STOKER_INSTANCE_RUNNING);
  EXPECT_EQ(made[0].ssh_host, "gpu.example");
  EXPECT_EQ(made[0].ssh_port, 2222U);
  EXPECT_EQ(made[0].ssh_user, "ubuntu");
  EXPECT_EQ(made[0].host_public_key, kHostKey);
  EXPECT_EQ(made[0].ssh_private_key, text_of(workshop_ / "key"));
  EXPECT_EQ(ssh.create("t-1", public_key_, "ssh").size(), 1U);
  EXPECT_EQ(ssh.create("t-2", public_key_, "ssh").size(), 0U);
  EXPECT_EQ(ssh.status, STOKER_E_NO_CAPACITY);
  EXPECT_EQ(ssh.call.message, "big box is in use by stk-job-1");
  EXPECT_EQ(ssh.create("t-1", public_key_, "ssh", "another").size(), 0U);
  EXPECT_EQ(ssh.status, STOKER_E_CONFLICT);
  struct stat info{};
  ASSERT_EQ(::stat((workshop_ / "leases").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);

  LoadedProvider later("ssh", settings({{"host", "another.example"}}));
  const auto found = later.find("owner");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].ssh_host, "gpu.example") << "a lease is of the machine it was made for";
  EXPECT_EQ(later.find("nobody").size(), 0U);
  EXPECT_EQ(later.get("t-1").size(), 1U);
  EXPECT_EQ(later.remove("t-1"), STOKER_OK);
  EXPECT_EQ(later.remove("t-1"), STOKER_OK);
  EXPECT_EQ(later.get("t-1").size(), 0U);
  EXPECT_EQ(later.status, STOKER_E_NOT_FOUND);
  EXPECT_EQ(ssh.create("t-2", public_key_, "ssh").size(), 1U);
}

TEST_F(Ssh, LeaseWithoutItsKeyIsStillFound) {
  LoadedProvider ssh("ssh", settings());
  ASSERT_EQ(ssh.create("t-1", public_key_, "ssh").size(), 1U);
  fs::remove(workshop_ / "key");
  const auto found = ssh.find("owner");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].state, STOKER_INSTANCE_FAILED);
  EXPECT_EQ(found[0].status_text, (workshop_ / "key").string() + " cannot be read: No such file or directory");
}

TEST_F(Ssh, OddIdsAreUnknown) {
  LoadedProvider ssh("ssh", settings());
  for (const char* id : {"", "..", "../x", "a/b"}) {
    EXPECT_EQ(ssh.get(id).size(), 0U);
    EXPECT_EQ(ssh.status, STOKER_E_NOT_FOUND);
    EXPECT_EQ(ssh.remove(id), STOKER_OK);
    EXPECT_EQ(ssh.create(id, public_key_, "ssh").size(), 0U);
    EXPECT_EQ(ssh.status, STOKER_E_INVALID);
  }
}

TEST_F(Ssh, KeyFileIsCheckedAndExplained) {
  const auto said = [&](const std::string& name) {
    LoadedProvider ssh("ssh", settings({{"key", (workshop_ / name).string()}}));
    ssh.validate();
    if (ssh.status == STOKER_OK) return std::string("ok");
    EXPECT_EQ(ssh.status, STOKER_E_INVALID);
    EXPECT_EQ(ssh.call.config_key, "key");
    EXPECT_NE(ssh.call.hint, "");
    const auto path = (workshop_ / name).string() + " ";
    EXPECT_TRUE(ssh.call.message.starts_with(path)) << ssh.call.message;
    return ssh.call.message.substr(std::min(path.size(), ssh.call.message.size()));
  };
  (void)workshop_.make_key("ecdsa", "-t ecdsa -b 256 -N ''");
  (void)workshop_.make_key("ecdsa_pem", "-t ecdsa -b 256 -m PEM -N ''");
  (void)workshop_.make_key("rsa", "-t rsa -b 2048 -N ''");
  (void)workshop_.make_key("rsa_pem", "-t rsa -b 2048 -m PEM -N ''");
  (void)workshop_.make_key("locked", "-t ed25519 -N secret");
  (void)workshop_.make_key("pkcs8", "-t ecdsa -m PKCS8 -N ''");
  (void)workshop_.make_key("open");
  ::chmod((workshop_ / "open").c_str(), 0644);
  ::chmod((workshop_ / "key.pub").c_str(), 0600);
  EXPECT_EQ(said("key"), "ok");
  EXPECT_EQ(said("ecdsa"), "ok");
  EXPECT_EQ(said("ecdsa_pem"), "ok");
  EXPECT_EQ(said("rsa"), "is an RSA key, whose signatures servers refuse from this agent (SHA-1)");
  EXPECT_EQ(said("rsa_pem"), "is an RSA key, whose signatures servers refuse from this agent (SHA-1)");
  EXPECT_EQ(said("locked"), "asks for a passphrase");
  EXPECT_EQ(said("pkcs8"), "is not in OpenSSH's own form");
  EXPECT_EQ(said("open"), "can be read by others");
  EXPECT_EQ(said("key.pub"), "is not a private key");
  EXPECT_EQ(said("none"), "cannot be read: No such file or directory");
}

TEST_F(Ssh, HostKeyIsRequiredAndChecked) {
  const auto message = [&](const std::string& host_key) {
    LoadedProvider ssh("ssh", settings({{"host_key", host_key}}));
    return ssh.status == STOKER_OK ? "ok" : ssh.call.config_key + ": " + ssh.call.message;
  };
  EXPECT_EQ(message(kHostKey), "ok");
  EXPECT_EQ(message(std::string(kHostKey) + " root@gpu"), "ok");
  EXPECT_EQ(message(std::string("gpu.example ") + kHostKey), "ok");
  EXPECT_EQ(message("SHA256:uNiVztksCsDhcc0u9e8BrQm/FV8wlKQkJ5Vq7k4zD5I"), "ok");
  EXPECT_EQ(message(""), "host_key: host_key is not set");
  EXPECT_EQ(message("SHA256:short"), "host_key: host_key is neither \"ssh-ed25519 AAAA...\" nor \"SHA256:...\"");
  EXPECT_EQ(message("ssh-ed25519 AAAA"), "host_key: host_key is neither \"ssh-ed25519 AAAA...\" nor \"SHA256:...\"");
  EXPECT_EQ(message("ssh-rsa AAAAB3NzaC1yc2E"), "host_key: host_key is an RSA key, which this agent cannot verify");
  LoadedProvider none("ssh", settings({{"host_key", ""}}));
  EXPECT_EQ(none.call.message, "host_key is not set");
}

TEST_F(Ssh, BadNumbersAreBlamed) {
  LoadedProvider port("ssh", settings({{"port", "70000"}}));
  EXPECT_EQ(port.call.config_key, "port");
  LoadedProvider price("ssh", settings({{"price_per_hour", "nan"}}));
  EXPECT_EQ(price.call.config_key, "price_per_hour");
}

// What the provider returns is enough for the system's client to get in and trust nothing but the key.
TEST_F(Ssh, ReturnedFactsLogIn) {
  LoadedProvider local("local", {{"directory", (workshop_ / "instances").string()}});
  const auto machine = local.create("m-1", public_key_, "local");
  ASSERT_EQ(machine.size(), 1U) << local.call.message;
  LoadedProvider ssh("ssh", settings({{"host", "127.0.0.1"},
                                      {"port", std::to_string(machine[0].ssh_port)},
                                      {"user", machine[0].ssh_user},
                                      {"host_key", machine[0].host_public_key}}));
  const auto made = ssh.create("t-1", public_key_, "ssh");
  ASSERT_EQ(made.size(), 1U) << ssh.call.message;
  std::ofstream(workshop_ / "returned") << made[0].ssh_private_key;
  ::chmod((workshop_ / "returned").c_str(), 0600);
  std::ofstream(workshop_ / "known_hosts")
      << "[127.0.0.1]:" << made[0].ssh_port << " " << made[0].host_public_key << "\n";
  const auto seen = shell(
      "ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -o StrictHostKeyChecking=yes "
      "-o UserKnownHostsFile=" +
      (workshop_ / "known_hosts").string() + " -i " + (workshop_ / "returned").string() + " -p " +
      std::to_string(made[0].ssh_port) + " " + made[0].ssh_user + "@" + made[0].ssh_host + " echo in");
  EXPECT_EQ(seen.output, "in\n");
  EXPECT_EQ(ssh.remove("t-1"), STOKER_OK);
  EXPECT_EQ(local.remove("m-1"), STOKER_OK);
}

}  // namespace
}  // namespace stoker::test
