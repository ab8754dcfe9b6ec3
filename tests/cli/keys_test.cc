#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/scripted_agent.h"

namespace stoker::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kKey =
    R"({"id":"key-1","name":"laptop","public_key":"ssh-ed25519 AAAA","fingerprint":"SHA256:abc","created_ms":1)";

class KeysTest : public ::testing::Test {
 protected:
  KeysTest() {
    char name[] = "/tmp/stoker-keys-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~KeysTest() override { fs::remove_all(folder_); }

  Outcome keys(std::vector<std::string> words) {
    words.insert(words.begin(), "keys");
    return stoker(agent_, words);
  }
  static std::string content(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  ScriptedAgent agent_;
  fs::path folder_;
};

TEST_F(KeysTest, create_stores_the_private_key_for_its_owner_alone) {
  agent_.answer_to("POST /v1/ssh-keys", 201, std::string(kKey) + R"(,"private_key":"-----BEGIN\nxyz\n"})");
  const fs::path file = folder_ / "deep" / "key";
  const Outcome made = keys({"create", "laptop", "--out", file.string()});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out, "key laptop made: " + file.string() + " logs in to what is rented from now on\n");
  EXPECT_EQ(content(file), "-----BEGIN\nxyz\n");
  EXPECT_EQ(content(file.string() + ".pub"), "ssh-ed25519 AAAA stoker-laptop\n");
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(agent_.body_of("POST /v1/ssh-keys"), R"({"name":"laptop"})");

  const Outcome again = keys({"create", "laptop", "--out", file.string()});
  EXPECT_EQ(again.code, 1);
  EXPECT_EQ(again.err,
            "stoker: " + file.string() + " exists, and a key is never overwritten\nhint: give another --out PATH\n");
  EXPECT_EQ(content(file), "-----BEGIN\nxyz\n");
}

TEST_F(KeysTest, create_with_json_does_not_print_the_private_key) {
  agent_.answer_to("POST /v1/ssh-keys", 201, std::string(kKey) + R"(,"private_key":"s3cr3t"})");
  EXPECT_EQ(keys({"create", "laptop", "--out", (folder_ / "k").string(), "--json"}).out,
            R"({"id":"key-1","name":"laptop","public_key":"ssh-ed25519 AAAA","fingerprint":"SHA256:abc","path":")" +
                (folder_ / "k").string() + "\"}\n");
}

TEST_F(KeysTest, create_leaves_no_file_when_the_agent_refuses) {
  agent_.answer_to("POST /v1/ssh-keys", 409, R"({"detail":"the name laptop is taken by SSH key key-1"})");
  const Outcome refused = keys({"create", "laptop", "--out", (folder_ / "k").string()});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "stoker: the name laptop is taken by SSH key key-1\n");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(KeysTest, add_sends_the_file_of_a_public_key) {
  agent_.answer_to("POST /v1/ssh-keys", 201, std::string(kKey) + "}");
  std::ofstream(folder_ / "id_x.pub") << "ssh-ed25519 AAAA me\n";
  const Outcome added = keys({"add", (folder_ / "id_x.pub").string()});
  EXPECT_EQ(added.out, "key laptop (SHA256:abc) logs in to what is rented from now on\n") << added.err;
  EXPECT_EQ(agent_.body_of("POST /v1/ssh-keys"), R"({"name":"id_x","public_key":"ssh-ed25519 AAAA me\n"})");
  std::ofstream(folder_ / "id_x") << "-----BEGIN OPENSSH PRIVATE KEY-----\ns3cr3t\n";
  const Outcome secret = keys({"add", (folder_ / "id_x").string()});
  EXPECT_EQ(secret.code, 2);
  EXPECT_EQ(secret.err, "stoker: keys add: " + (folder_ / "id_x").string() +
                            " is a private key, which never leaves this computer\nhint: give its public half, " +
                            (folder_ / "id_x").string() + ".pub\n");
  EXPECT_EQ(agent_.asked().size(), 1U);
}

TEST_F(KeysTest, list_and_remove_by_name) {
  agent_.answer_to("GET /v1/ssh-keys", 200, std::string(R"({"data":[)") + kKey + "}]}");
  agent_.answer_to("DELETE /v1/ssh-keys/key-1", 204, "");
  EXPECT_THAT(keys({}).out, HasSubstr("key-1  laptop  SHA256:abc   1970-01-01"));
  EXPECT_EQ(keys({"remove", "laptop"}).out, "key laptop removed; machines that are rented already keep it\n");
  EXPECT_EQ(keys({"remove", "other"}).err, "stoker: there is no SSH key other\nhint: `stoker keys` lists them\n");
}

TEST_F(KeysTest, refuse_what_is_typed_wrongly) {
  EXPECT_EQ(keys({"create"}).err, "stoker: keys create: KEY is missing\nhint: write `stoker keys create NAME`\n");
  EXPECT_EQ(keys({"create", "a/b"}).err,
            "stoker: keys create: KEY is no name\nhint: write `stoker keys create NAME`\n");
  EXPECT_EQ(keys({"add"}).code, 2);
  EXPECT_EQ(keys({"remove"}).code, 2);
  EXPECT_EQ(keys({"make", "x"}).err, "stoker: keys make: no such action\nhint: use list, create, add or remove\n");
  EXPECT_EQ(keys({"list", "x"}).code, 2);
}

}  // namespace
}  // namespace stoker::cli
