#include "plugins/aws/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plugins/aws/credential_process.h"
#include "plugins/aws/profile.h"
#include "tests/plugins/scripted_api.h"

namespace stoker::aws {
namespace {

using test::Reply;
using test::ScriptedApi;
using testing::HasSubstr;

constexpr const char* kVariables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",       "AWS_SESSION_TOKEN",
                                      "AWS_PROFILE",       "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"};

class AwsCredentials : public testing::Test {
 protected:
  AwsCredentials() {
    std::string name = std::filesystem::temp_directory_path() / "stoker-aws-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    for (const char* one : kVariables) ::unsetenv(one);
    ::setenv("AWS_SHARED_CREDENTIALS_FILE", (folder_ + "/credentials").c_str(), 1);
    ::setenv("AWS_CONFIG_FILE", (folder_ + "/config").c_str(), 1);
  }
  ~AwsCredentials() override {
    for (const char* one : kVariables) ::unsetenv(one);
    std::filesystem::remove_all(folder_);
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ + "/" + name) << text; }
  // "ID SECRET TOKEN (source)", or "status field | message | hint".
  std::string lent(CredentialChain& chain) {
    std::string got;
    try {
      chain.lend(api.call, [&](const KeyPair& key, bool in_vault) {
        got = std::string(key.id) + " " + std::string(key.secret) + " " + std::string(key.token);
        got += std::string(in_vault ? " from the vault" : "") + " (" + chain.source() + ")";
      });
      return got;
    } catch (const Failure& failure) {
      stoker_call call;
      failure.report(&call);
      return std::to_string(call.status) + " " + call.config_key + " | " + call.message + " | " + call.hint;
    }
  }
  std::string lent(const std::vector<std::pair<std::string, std::string>>& config = {}) {
    std::vector<stoker_field> fields;
    for (const auto& [key, value] : config) fields.push_back(field(key, value));
    CredentialChain chain(Config(fields.data(), fields.size()));
    return lent(chain);
  }

  std::string folder_;
  std::function<Reply(const std::string& method, const std::string& path)> metadata =
      [](const std::string&, const std::string&) { return Reply{404}; };
  ScriptedApi api{[this](const std::string& method, const std::string& path, const std::string&) {
    return metadata(method, path);
  }};
};

TEST_F(AwsCredentials, TheAccountsOwnKeyComesFirst) {
  ::setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "of the environment", 1);
  api.secrets = {{"secret_access_key", "s"}};
  EXPECT_EQ(lent({{"access_key_id", "AKIAOWN"}}), "AKIAOWN s  (the account's key AKIAOWN)");
  api.secrets["session_token"] = "t";
  EXPECT_EQ(lent({{"access_key_id", "AKIAOWN"}}), "AKIAOWN s t from the vault (the account's key AKIAOWN)");
}

TEST_F(AwsCredentials, HalfAKeyPairIsNotPassedBy) {
  write("credentials", "[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key=d\n");
  api.secrets = {{"secret_access_key", "s"}};
  EXPECT_EQ(lent(), std::to_string(STOKER_E_INVALID) +
                        " access_key_id | aws: the account has a secret_access_key and no access_key_id | give both "
                        "halves of the key pair, or neither");
  api.secrets.clear();
  ::setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
  EXPECT_THAT(lent(), HasSubstr("aws: the environment of the agent has no secret access key"));
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::setenv("AWS_SECRET_ACCESS_KEY", "x", 1);
  EXPECT_THAT(lent(), HasSubstr("aws: the environment of the agent has no access key id"));
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  write("credentials", "[half]\naws_access_key_id=AKIAHALF\n");
  EXPECT_THAT(lent({{"profile", "half"}}), HasSubstr("aws: the profile half has no secret access key"));
}

TEST_F(AwsCredentials, ANamedProfileComesBeforeTheEnvironmentAndTheDefaultAfterIt) {
  write("credentials", "[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key=d\n");
  write("config", "[profile lab]\naws_access_key_id = AKIALAB\naws_secret_access_key = l\naws_session_token = t\n");
  EXPECT_EQ(lent(), "AKIADEFAULT d  (the profile default)");
  ::setenv("AWS_PROFILE", "lab", 1);
  EXPECT_EQ(lent(), "AKIALAB l t (the profile lab)");
  ::setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "e", 1);
  EXPECT_EQ(lent(), "AKIAENV e  (the environment of the agent)");
  EXPECT_EQ(lent({{"profile", "lab"}}), "AKIALAB l t (the profile lab)");
}

TEST_F(AwsCredentials, AProfileThatDoesNotExistIsRefusedByName) {
  write("credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=d\n[lab]\n");
  EXPECT_EQ(lent({{"profile", "lap"}}), std::to_string(STOKER_E_INVALID) +
                                            " profile | aws: there is no profile lap in " + folder_ +
                                            "/credentials and " + folder_ + "/config | profiles there: default, lab");
}

TEST_F(AwsCredentials, NothingAnywhereSaysWhatToGive) {
  EXPECT_THAT(lent(), HasSubstr("aws: the account has no key, and neither the environment of the agent nor "));
  EXPECT_THAT(lent(), HasSubstr("give access_key_id and secret_access_key, or name a profile"));
}

TEST_F(AwsCredentials, ARoleOrSingleSignOnIsLeftToACredentialProcess) {
  write("config",
        "[profile sso]\nsso_session = corp\n[profile tool]\ncredential_process = /bin/echo '{\"Version\": 1, "
        "\"AccessKeyId\": \"ASIATOOL\", \"SecretAccessKey\": \"p\", \"SessionToken\": \"q\"}'\n");
  EXPECT_EQ(lent({{"profile", "tool"}}), "ASIATOOL p q (the profile tool)");
  EXPECT_THAT(lent({{"profile", "sso"}}), HasSubstr("credential_process = aws configure export-credentials"));
}

TEST_F(AwsCredentials, ACredentialProcessThatFailsSaysHowAndNothingItSaid) {
  const auto tried = [&](const std::string& line) {
    write("config", "[profile tool]\ncredential_process = " + line + "\n");
    return lent({{"profile", "tool"}});
  };
  EXPECT_THAT(tried("/bin/false"), HasSubstr("aws: credential_process ended with code 1"));
  EXPECT_THAT(tried("/no/such/tool"), HasSubstr("can not be started: /no/such/tool: No such file or directory"));
  EXPECT_THAT(tried("/bin/echo canary"), HasSubstr("aws: the profile tool answered with something that is not JSON"));
  EXPECT_THAT(tried("/bin/echo canary"), testing::Not(HasSubstr("canary |")));
  EXPECT_THAT(tried("/bin/echo {}"), HasSubstr("aws: the profile tool has no access key id"));
  EXPECT_THAT(tried("/usr/bin/head -c 100000 /dev/zero"), HasSubstr("prints more than 64 KiB"));
  api.call.c()->is_cancelled = true;
  EXPECT_THAT(tried("/bin/sleep 60"), testing::StartsWith(std::to_string(STOKER_E_CANCELLED)));
}

TEST_F(AwsCredentials, WhatHasAnEndIsReadAnewBeforeIt) {
  const std::string counter = folder_ + "/runs";
  write("tool", "echo x >> " + counter + "\ncat " + folder_ + "/answer\n");
  write("config", "[profile tool]\ncredential_process = /bin/sh " + folder_ + "/tool\n");
  const auto answer = [&](const std::string& expiration) {
    write("answer", R"({"Version":1,"AccessKeyId":"ASIA","SecretAccessKey":"p","SessionToken":"q","Expiration":")" +
                        expiration + "\"}");
  };
  const auto runs = [&] { return std::filesystem::file_size(counter) / 2; };
  const stoker_field profile = field("profile", "tool");
  CredentialChain chain(Config(&profile, 1));
  answer("2099-01-01T00:00:00Z");
  (void)lent(chain);
  (void)lent(chain);
  EXPECT_EQ(runs(), 1U);
  EXPECT_TRUE(chain.renew()) << "after a refusal";
  answer("2001-01-01T00:00:00Z");
  (void)lent(chain);
  (void)lent(chain);
  EXPECT_EQ(runs(), 3U) << "one that is over is kept for no call";
}

TEST_F(AwsCredentials, TheRoleOfTheMachineIsAskedForByImdsV2AndOnlyThen) {
  std::vector<std::string> asked;
  metadata = [&](const std::string& method, const std::string& path) {
    asked.push_back(method + " " + path);
    if (method == "PUT") return Reply{200, "session"};
    if (path.ends_with("security-credentials/")) return Reply{200, "trainer\n"};
    return Reply{200,
                 R"({"AccessKeyId":"ASIAROLE","SecretAccessKey":"r","Token":"t","Expiration":"2099-01-01T00:00:00Z"})"};
  };
  (void)lent();
  EXPECT_TRUE(asked.empty()) << "elsewhere than on EC2 nobody answers there";
  EXPECT_EQ(lent({{"instance_role", "true"}}), "ASIAROLE r t (the role of this machine)");
  EXPECT_EQ(asked, (std::vector<std::string>{"PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/",
                                             "GET /latest/meta-data/iam/security-credentials/trainer"}));
  EXPECT_EQ(api.headers[1].at("X-aws-ec2-metadata-token"), "session");
  EXPECT_EQ(api.headers[1].at("url"), "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
  metadata = [](const std::string&, const std::string&) { return Reply{404}; };
  EXPECT_THAT(lent({{"instance_role", "true"}}), HasSubstr("answered HTTP 404 when it was asked for the role's key"));
}

TEST(AwsProfiles, CommentsNestedBlocksAndOddLinesAreLeftOut) {
  const Sections sections = parse_profiles(
      "stray = 1\n# comment\n[default]\r\nRegion = eu-west-1 \r\ns3 =\n  max_concurrent_requests = 20\n"
      "aws_access_key_id=AKIA=\n; other\nno equals\n[ profile lab ]\n[broken\nx = y\n");
  EXPECT_EQ(sections.at("default").at("region"), "eu-west-1");
  EXPECT_EQ(sections.at("default").at("aws_access_key_id"), "AKIA=");
  EXPECT_FALSE(sections.at("default").contains("max_concurrent_requests"));
  EXPECT_TRUE(sections.at("profile lab").empty());
  EXPECT_EQ(sections.size(), 2U);
}

TEST(AwsCredentialProcess, WordsAreThoseOfACommandLineWithoutAShell) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(command_words("tool  --a 'b c' \"d \\\" e\" f\\ g ''"), (Words{"tool", "--a", "b c", "d \" e", "f g", ""}));
  EXPECT_EQ(command_words("echo $HOME; `id` | cat"), (Words{"echo", "$HOME;", "`id`", "|", "cat"}));
  EXPECT_TRUE(command_words("  \t").empty());
}

}  // namespace
}  // namespace stoker::aws
