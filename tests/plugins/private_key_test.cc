#include "plugins/ssh/private_key.h"

#include <gtest/gtest.h>

namespace stoker::ssh {
namespace {

TEST(PrivateKey, BrokenFilesAreNoKeys) {
  EXPECT_EQ(private_key_kind(""), KeyKind::no_key);
  EXPECT_EQ(private_key_kind("-----BEGIN "), KeyKind::no_key);
  EXPECT_EQ(private_key_kind("-----BEGIN OPENSSH PRIVATE KEY-----"), KeyKind::no_key);
  EXPECT_EQ(private_key_kind("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA/////w==\n"), KeyKind::no_key);
  EXPECT_EQ(private_key_kind("-----BEGIN CERTIFICATE-----\n"), KeyKind::no_key);
  EXPECT_EQ(private_key_kind("-----BEGIN DSA PRIVATE KEY-----\n"), KeyKind::unsupported);
  EXPECT_EQ(private_key_kind("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"), KeyKind::encrypted);
}

TEST(PrivateKey, HostKeyBlobNamesItsOwnAlgorithm) {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDGWyYPkD2FVuMXPrtTQ8aJ8Xb5rYVhfDpVIKXqTZ5Vz";
  EXPECT_EQ(canonical_host_key("  " + key + " root@gpu\n"), key);
  EXPECT_EQ(canonical_host_key("ecdsa-sha2-nistp256 " + key.substr(12)), "");
  EXPECT_EQ(canonical_host_key("a b c d"), "");
  EXPECT_TRUE(is_rsa_host_key("gpu.example ssh-rsa AAAA"));
}

}  // namespace
}  // namespace stoker::ssh
