#include "core/remote/ssh_key.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/private_file.h"
#include "core/remote/host_identity.h"
#include "tests/remote/sshd_fixture.h"

namespace stoker::remote {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct SshKeyTest : testing::Test {
  std::string folder = testing::TempDir() + "stoker-key-XXXXXX";
  SshKeyTest() { EXPECT_NE(::mkdtemp(folder.data()), nullptr); }
  ~SshKeyTest() override { std::filesystem::remove_all(folder); }
};

TEST_F(SshKeyTest, SshKeygenReadsBothHalves) {
  for (const std::string comment : {"", "stoker job-1", "c", "a comment with several words in it"}) {
    const SshKey key = generate_ssh_key(comment);
    const std::string file = folder + "/key" + std::to_string(comment.size());
    write_private_file(file, key.private_key);
    write_private_file(file + ".pub", key.public_key + "\n");
    EXPECT_EQ(run_program({"ssh-keygen", "-y", "-f", file}), key.public_key + "\n");
    EXPECT_THAT(run_program({"ssh-keygen", "-lf", file + ".pub"}), HasSubstr(" " + fingerprint(key.public_key) + " "));
    EXPECT_EQ(private_key_fingerprint(key.private_key), fingerprint(key.public_key));
  }
}

TEST_F(SshKeyTest, EveryKeyIsNew) { EXPECT_NE(generate_ssh_key("a").private_key, generate_ssh_key("a").private_key); }

TEST_F(SshKeyTest, ACommentOfTwoLinesIsRefused) {
  EXPECT_THROW(static_cast<void>(generate_ssh_key("a\nssh-ed25519 AAAA")), Error);
}

TEST_F(SshKeyTest, WhatIsNoPublicKeyIsRefused) {
  for (const char* line : {"", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==", "SHA256:abc"})
    EXPECT_THROW(static_cast<void>(fingerprint(line)), Error) << line;
}

TEST_F(SshKeyTest, WhatIsNoPrivateKeyIsRefused) {
  const SshKey key = generate_ssh_key("a");
  for (size_t size = 0; size < key.private_key.size(); size += 7) {
    try {
      static_cast<void>(private_key_fingerprint(std::string_view(key.private_key).substr(0, size)));
      EXPECT_GT(size, key.private_key.size() - 8);
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "the private key is not an unencrypted key in OpenSSH format");
    }
  }
}

TEST(HostIdentity, MatchesTheKeyAndItsFingerprintOnly) {
  const SshKey key = generate_ssh_key(""), other = generate_ssh_key("");
  const std::string blob = from_base64(key.public_key.substr(12));
  EXPECT_TRUE(HostIdentity(key.public_key).matches(blob));
  EXPECT_TRUE(HostIdentity(fingerprint(key.public_key)).matches(blob));
  EXPECT_FALSE(HostIdentity(other.public_key).matches(blob));
  EXPECT_FALSE(HostIdentity(fingerprint(other.public_key)).matches(blob));
  EXPECT_FALSE(HostIdentity(key.public_key).matches(""));
  EXPECT_FALSE(HostIdentity(key.public_key).matches(blob.substr(0, blob.size() - 1)));
  EXPECT_STREQ(HostIdentity(key.public_key).algorithms(), "ssh-ed25519");
  EXPECT_THAT(HostIdentity(fingerprint(key.public_key)).algorithms(), StartsWith("ssh-ed25519,ecdsa-sha2-nistp256"));
}

}  // namespace
}  // namespace stoker::remote
