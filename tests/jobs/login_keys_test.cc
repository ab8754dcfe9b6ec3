#include "core/jobs/login_keys.h"

#include "core/error.h"
#include "core/remote/ssh_key.h"
#include "tests/store/store_folder.h"

namespace stoker::jobs {
namespace {

// The key of this test, and of nothing else.
constexpr const char* kKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

class LoginKeysTest : public store::OpenStore {
 protected:
  LoginKeys keys() { return {database(), clock_}; }
  static std::string refusal(const std::string& line) {
    const Error error = store::error_of([&] { (void)checked_login_key(line); });
    EXPECT_EQ(error.fault, Fault::invalid);
    EXPECT_EQ(error.field, "public_key");
    return error.what();
  }

  SystemClock clock_;
};

TEST_F(LoginKeysTest, AKeyLosesItsCommentAndNothingElse) {
  EXPECT_EQ(checked_login_key(std::string(kKey) + " me@laptop, at home\n"), kKey);
  EXPECT_EQ(checked_login_key(std::string(kKey) + "\r\n"), kKey);
  EXPECT_EQ(checked_login_key(kKey), kKey);
}

TEST_F(LoginKeysTest, WhatIsNoPublicKeyIsRefused) {
  const std::string type = "this is no line of a public key: it begins with none of the types that log in";
  EXPECT_EQ(refusal(""), type);
  EXPECT_EQ(refusal("me@laptop"), type);
  EXPECT_EQ(refusal("ssh-dss AAAAB3NzaC1kc3M="), type);
  EXPECT_EQ(refusal("command=\"rm -rf /\" " + std::string(kKey)), type);
  EXPECT_EQ(refusal(" " + std::string(kKey)), type);
  EXPECT_EQ(refusal(std::string(kKey) + "\nssh-ed25519 AAAA"), "a public key is one line");
  EXPECT_EQ(refusal(std::string(kKey) + std::string("\0x", 2)), "a public key is one line");
  EXPECT_EQ(refusal("-----BEGIN OPENSSH PRIVATE KEY-----\nabc"),
            "this is a private key, which never leaves its computer");
  EXPECT_EQ(refusal("ssh-ed25519"), "the public key is cut off, or is of another type than it says");
  EXPECT_EQ(refusal(std::string(kKey).substr(0, 60)), "the public key is cut off, or is of another type than it says");
  EXPECT_EQ(refusal(std::string(kKey).substr(0, 61)), "the middle of the public key is not base64");
  EXPECT_EQ(refusal("ssh-ed25519 $(reboot)"), "the middle of the public key is not base64");
  EXPECT_EQ(refusal("ssh-rsa" + std::string(kKey).substr(11)),
            "the public key is cut off, or is of another type than it says");
  EXPECT_EQ(refusal("ssh-rsa " + std::string(2000, 'A')), "the public key is longer than 1024 characters");
}

TEST_F(LoginKeysTest, AMadeOneIsAKeyPairOfWhichOnlyThePublicHalfIsKept) {
  const LoginKeys::Made made = keys().generate("laptop");
  EXPECT_EQ(remote::private_key_fingerprint(made.private_key), login_key_fingerprint(made.row));
  EXPECT_EQ(keys().all().at(0).public_key, made.row.public_key);
  EXPECT_EQ(further_login_lines(database()), "\n" + made.row.public_key);
}

TEST_F(LoginKeysTest, ThereAreSoManyAsUserDataCanHold) {
  for (size_t i = 0; i < kMaxLoginKeys; ++i) (void)keys().generate("key" + std::to_string(i));
  const Error full = store::error_of([&] { keys().add("one-more", kKey); });
  EXPECT_STREQ(full.what(), "there are 10 SSH keys already, and machines are told no more");
  keys().remove(keys().all().at(3).id);
  EXPECT_EQ(keys().add("one-more", kKey).public_key, kKey);
}

TEST_F(LoginKeysTest, ANameIsAWord) {
  for (const char* name : {"", "a b", "../x", "a\nb"})
    EXPECT_STREQ(store::error_of([&] { keys().add(name, kKey); }).what(),
                 "the name of an SSH key is 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.'")
        << name;
}

}  // namespace
}  // namespace stoker::jobs
