#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/cli/secret_text.h"
#include "tests/cli/account_answers.h"
#include "tests/cli/scripted_agent.h"

namespace stoker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr const char* kHint =
    "hint: use --secret api_key=env:VAR, api_key=file:PATH, or api_key=- for a line of standard input\n";

class AccountsTest : public ::testing::Test {
 protected:
  AccountsTest() {
    char name[] = "/tmp/stoker-accounts-XXXXXX";
    folder_ = ::mkdtemp(name);
    ::setenv("STOKER_TEST_KEY", "k3y\"in-the-environment", 1);
    agent_.answer_to("GET /v1/providers/lambda/setup", 200, kSetup);
  }
  ~AccountsTest() override {
    ::unsetenv("STOKER_TEST_KEY");
    fs::remove_all(folder_);
  }

  Outcome accounts(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), "accounts");
    return stoker(agent_, words, input);
  }
  Outcome add(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), {"add", "lambda", "--set", "project=p"});
    return accounts(words, input);
  }

  ScriptedAgent agent_;
  fs::path folder_;
};

TEST_F(AccountsTest, are_a_table_with_the_problems_beside_it) {
  agent_.answer_to("GET /v1/accounts", 200, std::string(R"({"data":[)") + kAccount + "," + kRefusedAccount + "]}");
  const Outcome listed = accounts({});
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ(listed.out,
            "ACCOUNT  PROVIDER  NAME     STATE    CLOUD ACCOUNT  BALANCE  CHECKED\n"
            "lambda   lambda    lambda   ok       Team           $12.50   -\n"
            "team     vast      My work  refused  7              -        -\n");
  EXPECT_EQ(listed.err, "stoker: team: the key was refused; make a new one\n");
  EXPECT_THAT(accounts({"list", "--json"}).out, HasSubstr(R"("problem":"the key was\u001b[1m refused")"));
}

TEST_F(AccountsTest, says_how_to_connect_the_first_one) {
  agent_.answer_to("GET /v1/accounts", 200, R"({"data":[]})");
  EXPECT_EQ(accounts({"list"}).err, "stoker: no account is connected; `stoker accounts add PROVIDER` connects one\n");
}

TEST_F(AccountsTest, connects_with_a_secret_of_the_environment) {
  agent_.answer_to("POST /v1/accounts", 201, kAccount);
  const Outcome added = add({"--secret", "api_key=env:STOKER_TEST_KEY", "--id", "lambda", "--name", "My team"});
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(added.out,
            "account lambda connected: Team (team-1), balance $12.50\n"
            "next: `stoker offers --provider lambda` lists what it can rent\n");
  EXPECT_EQ(added.err, "");
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"),
            R"({"provider":"lambda","id":"lambda","name":"My team","values":{"api_key":"k3y\"in-the-environment",)"
            R"("project":"p"}})");
}

TEST_F(AccountsTest, takes_secrets_from_a_file_and_from_standard_input) {
  agent_.answer_to("POST /v1/accounts", 201, kAccount);
  std::ofstream(folder_ / "key.json") << "{\n  \"key\": 1\n}\n";
  const Outcome added =
      add({"--secret", "api_key=file:" + (folder_ / "key.json").string(), "--secret", "spare=-", "--json"},
          "a line\nanother\n");
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(added.out, std::string(kAccount) + "\n");
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"),
            R"({"provider":"lambda","values":{"api_key":"{\n  \"key\": 1\n}\n","project":"p","spare":"a line"}})");
}

TEST_F(AccountsTest, sends_paths_as_absolute_ones) {
  agent_.answer_to("POST /v1/accounts", 201, kAccount);
  add({"--secret", "api_key=env:STOKER_TEST_KEY", "--set", "certificates=ca/../ca.pem"});
  EXPECT_THAT(agent_.body_of("POST /v1/accounts"),
              HasSubstr("\"certificates\":\"" + (fs::current_path() / "ca.pem").string() + "\""));
}

TEST_F(AccountsTest, refuses_a_secret_that_is_typed_out_and_does_not_repeat_it) {
  const Outcome literal = add({"--secret", "api_key=s3cr3t"});
  EXPECT_EQ(literal.code, 2);
  EXPECT_EQ(literal.err, std::string("stoker: --secret api_key: a secret on the command line is seen by every user of "
                                     "this machine\n") +
                             kHint);
  const Outcome set = add({"--set", "api_key=s3cr3t"});
  EXPECT_EQ(set.code, 2);
  EXPECT_EQ(set.err, std::string("stoker: --set api_key: a secret on the command line is seen by every user of this "
                                 "machine\n") +
                         kHint);
  for (const char* wrong : {"s3cr3t", "s3cr3t==", "api_key=env:s3cr3t", "=s3cr3t"}) {
    for (const char* option : {"--secret", "--set"}) {
      const Outcome refused = add({option, wrong});
      EXPECT_EQ(refused.code, 2) << wrong;
      EXPECT_THAT(refused.out + refused.err, Not(HasSubstr("s3cr3t"))) << option;
    }
  }
  EXPECT_EQ(add({"--secret", "api_kye=-"}).err,
            "stoker: --secret: the set-up of lambda has no such field\nhint: did you mean api_key?\n");
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"), "nothing was sent");
}

TEST_F(AccountsTest, says_which_source_has_no_secret) {
  EXPECT_EQ(add({"--secret", "api_key=env:STOKER_TEST_NOT_SET"}).err,
            "stoker: the secret api_key is to come from a variable that is not set\n"
            "hint: run: export VAR=..., and write api_key=env:VAR without a dollar sign\n");
  EXPECT_EQ(add({"--secret", "api_key=file:/nowhere/key"}).err,
            "stoker: the secret api_key: can not read /nowhere/key: No such file or directory\n"
            "hint: name a file that holds the secret and nothing else\n");
  EXPECT_EQ(add({"--secret", "api_key=-"}).err,
            "stoker: the secret api_key is to come from standard input, which is empty\n");
  std::ofstream(folder_ / "image") << "\xff\xfe";
  EXPECT_EQ(add({"--secret", "api_key=file:" + (folder_ / "image").string()}).err,
            "stoker: api_key is not UTF-8 text\nhint: is it the right file or variable?\n");
  std::ofstream(folder_ / "large") << std::string(70'000, 'x');
  EXPECT_THAT(add({"--secret", "api_key=file:" + (folder_ / "large").string()}).err,
              HasSubstr("is larger than 64 KiB"));
}

TEST_F(AccountsTest, names_all_that_is_missing_where_nobody_can_be_asked) {
  const Outcome missing = accounts({"add", "lambda"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_EQ(missing.err,
            "stoker: lambda needs api_key, project, and there is no terminal to ask at\n"
            "hint: give --secret api_key=env:VAR --set project=VALUE; also file:PATH, or - for a line of standard "
            "input\n");
  EXPECT_THAT(agent_.asked(), ElementsAre("GET /v1/providers/lambda/setup"));
}

TEST_F(AccountsTest, a_refusal_without_a_terminal_is_final) {
  agent_.answer_to("POST /v1/accounts", 422, kRefusedKey);
  const Outcome refused = add({"--secret", "api_key=env:STOKER_TEST_KEY"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "stoker: the cloud refused the API key\nhint: make a new one\n");
  EXPECT_THAT(agent_.asked(), ElementsAre("GET /v1/providers/lambda/setup", "POST /v1/accounts"));
}

TEST_F(AccountsTest, a_provider_without_accounts_is_told) {
  agent_.answer_to("GET /v1/providers/local/setup", 200, R"({"provider":"local","needs_account":false,"fields":[]})");
  const Outcome refused = accounts({"add", "local"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.err, "stoker: local needs no account\nhint: it is set up in the configuration file\n");
}

TEST_F(AccountsTest, changes_what_is_given) {
  agent_.answer_to("GET /v1/accounts/lambda", 200, kAccount);
  agent_.answer_to("PATCH /v1/accounts/lambda", 200, kAccount);
  const Outcome key = accounts({"change", "lambda", "--secret", "api_key=env:STOKER_TEST_KEY"});
  EXPECT_EQ(key.code, 0) << key.err;
  EXPECT_EQ(key.out, "account lambda changed: Team (team-1), balance $12.50\n");
  EXPECT_EQ(agent_.body_of("PATCH /v1/accounts/lambda"), R"({"values":{"api_key":"k3y\"in-the-environment"}})");
  EXPECT_EQ(accounts({"change", "lambda", "--name", "Main"}).code, 0);
  EXPECT_EQ(agent_.body_of("PATCH /v1/accounts/lambda"), R"({"name":"Main"})");
  const Outcome nothing = accounts({"change", "lambda"});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_EQ(nothing.err,
            "stoker: accounts change lambda: nothing to change, and there is no terminal to ask at\n"
            "hint: give --secret KEY=env:VAR, --set KEY=VALUE or --name TEXT\n");
}

TEST_F(AccountsTest, check_says_ok_or_why_not) {
  agent_.answer_to("POST /v1/accounts/lambda/check", 200, kAccount);
  agent_.answer_to("POST /v1/accounts/team/check", 200, kRefusedAccount);
  const Outcome ok = accounts({"check", "lambda"});
  EXPECT_EQ(ok.code, 0);
  EXPECT_EQ(ok.out, "lambda: ok, Team (team-1), balance $12.50\n");
  const Outcome refused = accounts({"check", "team"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.out, "team: the key was refused; make a new one\n");
  const Outcome json = accounts({"check", "team", "--json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(json.out, std::string(kRefusedAccount) + "\n");
}

TEST_F(AccountsTest, remove_wants_to_be_sure) {
  agent_.answer_to("DELETE /v1/accounts/lambda", 204, "");
  agent_.answer_to("DELETE /v1/accounts/team", 409,
                   R"({"detail":"account team still owns 1 machine","code":"conflict","hint":"destroy it first"})");
  const Outcome unsure = accounts({"remove", "lambda"});
  EXPECT_EQ(unsure.code, 2);
  EXPECT_EQ(unsure.err,
            "stoker: accounts remove lambda: there is no terminal to ask whether that is meant\nhint: give --yes\n");
  EXPECT_TRUE(agent_.asked().empty());
  EXPECT_EQ(accounts({"remove", "lambda", "--yes"}).out, "account lambda removed\n");
  EXPECT_EQ(accounts({"remove", "lambda", "--yes", "--json"}).out, "{}\n");
  const Outcome owner = accounts({"remove", "team", "--yes"});
  EXPECT_EQ(owner.code, 1);
  EXPECT_EQ(owner.err, "stoker: account team still owns 1 machine\nhint: destroy it first\n");
}

TEST_F(AccountsTest, bad_usage_names_the_way_out) {
  const auto said = [&](const std::vector<std::string>& words) {
    const Outcome refused = accounts(words);
    EXPECT_EQ(refused.code, 2) << words[0];
    return refused.err;
  };
  EXPECT_EQ(said({"forget", "x"}),
            "stoker: accounts forget: no such action\nhint: use list, add, change, check or remove\n");
  EXPECT_EQ(said({"add"}), "stoker: accounts add: PROVIDER is missing\nhint: write `stoker accounts add PROVIDER`\n");
  EXPECT_EQ(said({"check", "../x"}), "stoker: `../x` is not an id\n");
  EXPECT_EQ(said({"change", "lambda", "--id", "new"}),
            "stoker: accounts change does not take --id\nhint: `stoker accounts --help` tells more\n");
  EXPECT_TRUE(agent_.asked().empty());
}

TEST(SecretText, keeps_what_it_is_given) {
  SecretText text("ab");
  for (int i = 0; i < 100; ++i) text.add("0123456789");
  EXPECT_EQ(text.view().size(), 1002U);
  EXPECT_TRUE(text.view().starts_with("ab0123456789012"));
  const SecretText moved = std::move(text);
  EXPECT_EQ(moved.view().size(), 1002U);
  EXPECT_TRUE(SecretText("").empty());
}

}  // namespace
}  // namespace stoker::cli
