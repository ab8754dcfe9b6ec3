#include <gmock/gmock.h>

#include "tests/cli/account_answers.h"
#include "tests/cli/scripted_agent.h"
#include "tests/cli/terminal_session.h"

namespace stoker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AccountsTerminalTest : public ::testing::Test {
 protected:
  AccountsTerminalTest() {
    agent_.answer_to("GET /v1/providers/lambda/setup", 200, kSetup);
    agent_.answer_to("GET /v1/accounts/lambda", 200, kAccount);
  }

  ScriptedAgent agent_;
};

TEST_F(AccountsTerminalTest, asks_for_each_field_in_order) {
  agent_.answer_to("POST /v1/accounts", 201, kAccount);
  TerminalSession session(agent_.port(), {"accounts", "add", "lambda"});
  session.answer("\napi_key: ", "s3cr3t");
  session.answer("\nregion [us-west-3]: ", "3");
  session.answer("that is not a number from 1 to 2 or one of those words\nregion [us-west-3]: ", "2");
  session.answer("\nproject: ", " ");
  session.answer("Project is required\nproject: ", "p");
  session.answer("\nspare: ", "");
  EXPECT_EQ(session.end(),
            "Lambda: GPUs by the minute\n"
            "docs: https://lambda.example/docs\n"
            "grant it no more than:\n"
            "  read instances\n"
            "  create instances\n"
            "\n"
            "API key\n"
            "  Made under Settings.\n"
            "  see https://lambda.example/keys\n"
            "  for example secret_...\n"
            "  It is not shown while you type; file:PATH has it read from a file.\n"
            "api_key: \n"
            "\n"
            "Region\n"
            "  1) us-west-3  Utah\n"
            "  2) us-east-1\n"
            "region [us-west-3]: 3\n"
            "that is not a number from 1 to 2 or one of those words\n"
            "region [us-west-3]: 2\n"
            "\n"
            "Project\n"
            "project:  \n"
            "Project is required\n"
            "project: p\n"
            "\n"
            "Spare key (optional)\n"
            "  It is not shown while you type; file:PATH has it read from a file.\n"
            "spare: \n"
            "account lambda connected: Team (team-1), balance $12.50\n"
            "next: `stoker offers --provider lambda` lists what it can rent\n"
            "restored, code 0\n");
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"),
            R"({"provider":"lambda","values":{"api_key":"s3cr3t","project":"p","region":"us-east-1"}})");
}

TEST_F(AccountsTerminalTest, asks_for_advanced_fields_when_told_to) {
  agent_.answer_to("POST /v1/accounts", 201, kAccount);
  TerminalSession session(agent_.port(), {"accounts", "add", "lambda", "--advanced", "--set", "project=p", "--set",
                                          "region=us-west-3", "--set", "proxy=none"});
  session.answer("\napi_key: ", "file:/nowhere/key");
  session.answer("No such file or directory; name a file that holds the secret and nothing else\napi_key: ", "k");
  session.answer("\nspare: ", "");
  session.answer("\ncertificates: ", "/a/./b");
  session.answer("\nretries [3]: ", "many");
  session.answer("that is not a whole number\nretries [3]: ", "5");
  session.answer("\nquiet (yes or no): ", "perhaps");
  session.answer("that is not yes or no\nquiet (yes or no): ", "Y");
  EXPECT_THAT(session.end(), HasSubstr("restored, code 0\n"));
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"),
            R"({"provider":"lambda","values":{"api_key":"k","certificates":"/a/b","project":"p","proxy":"none",)"
            R"("quiet":"true","region":"us-west-3","retries":"5"}})");
}

TEST_F(AccountsTerminalTest, asks_again_for_the_field_to_blame) {
  agent_.answer_to("POST /v1/accounts", 422, kRefusedKey);
  agent_.answer_to("POST /v1/accounts", 400,
                   R"({"detail":"lambda.region is not known","code":"invalid","field":"lambda.region"})");
  agent_.answer_to("POST /v1/accounts", 201, kAccount);
  TerminalSession session(agent_.port(), {"accounts", "add", "lambda", "--set", "project=p"});
  session.answer("\napi_key: ", "wr0ng");
  session.answer("\nregion [us-west-3]: ", "2");
  session.answer("\nspare: ", "");
  session.answer("\napi_key: ", "r1ght");
  session.answer("\nregion [us-west-3]: ", "");
  const std::string& screen = session.end();
  EXPECT_THAT(screen, HasSubstr("stoker: the cloud refused the API key\nhint: make a new one\n\nAPI key\n"));
  EXPECT_THAT(screen, HasSubstr("stoker: lambda.region is not known\n\nRegion\n"));
  EXPECT_THAT(screen, HasSubstr("restored, code 0\n"));
  EXPECT_THAT(screen, Not(HasSubstr("wr0ng")));
  EXPECT_THAT(screen, Not(HasSubstr("r1ght")));
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"), R"({"provider":"lambda","values":{"api_key":"r1ght","project":"p"}})");
}

TEST_F(AccountsTerminalTest, gives_up_after_three_more_tries) {
  agent_.answer_to("PATCH /v1/accounts/lambda", 422, kRefusedKey);
  TerminalSession session(agent_.port(), {"accounts", "change", "lambda"});
  session.answer("\napi_key: ", "k0");
  session.answer("\nspare: ", "");
  for (int i = 0; i < 3; ++i) session.answer("\napi_key: ", "k1");
  EXPECT_THAT(session.end(),
              HasSubstr("stoker: the cloud refused the API key\nhint: make a new one\nrestored, code 1"));
  const auto asked = agent_.asked();
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "PATCH /v1/accounts/lambda"), 4);
  EXPECT_EQ(agent_.body_of("PATCH /v1/accounts/lambda"), R"({"values":{"api_key":"k1"}})");
}

TEST_F(AccountsTerminalTest, throws_away_what_is_pasted_behind_a_secret) {
  agent_.answer_to("POST /v1/accounts", 201, kAccount);
  TerminalSession session(agent_.port(), {"accounts", "add", "lambda", "--set", "project=p"});
  session.answer("\napi_key: ", "s3cr3t\nof-three-lines\nlong");
  session.answer("\nregion [us-west-3]: ", "");
  session.answer("\nspare: ", "");
  EXPECT_THAT(session.end(), Not(HasSubstr("of-three-lines")));
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"),
            R"({"provider":"lambda","values":{"api_key":"s3cr3t","project":"p"}})");
}

class Interrupted : public AccountsTerminalTest, public ::testing::WithParamInterface<int> {};

TEST_P(Interrupted, leaves_the_terminal_as_it_was) {
  TerminalSession session(agent_.port(), {"accounts", "add", "lambda"});
  ASSERT_TRUE(session.prompts("\napi_key: "));
  EXPECT_FALSE(session.echoes());
  session.type("s3cr3t");
  session.signal(GetParam());
  const std::string& screen = session.end();
  EXPECT_THAT(screen, HasSubstr("api_key: \nstoker: interrupted; nothing was done\nrestored, code 130\n"));
  EXPECT_THAT(screen, Not(HasSubstr("s3cr3t")));
  EXPECT_EQ(agent_.body_of("POST /v1/accounts"), "nothing was sent");
}

INSTANTIATE_TEST_SUITE_P(Signals, Interrupted, ::testing::Values(SIGINT, SIGTERM, SIGHUP, SIGQUIT));

TEST_F(AccountsTerminalTest, keys_that_interrupt_leave_it_as_it_was) {
  for (const char* keys : {"\x03", "\x1c", "\x04"}) {  // Ctrl-C, Ctrl-backslash, Ctrl-D
    TerminalSession session(agent_.port(), {"accounts", "add", "lambda"});
    ASSERT_TRUE(session.prompts("\napi_key: "));
    session.type(keys);
    EXPECT_THAT(session.end(), HasSubstr("stoker: interrupted; nothing was done\nrestored, code 130\n"));
  }
  TerminalSession session(agent_.port(), {"accounts", "add", "lambda", "--secret", "api_key=env:HOME"});
  ASSERT_TRUE(session.prompts("\nregion [us-west-3]: "));
  EXPECT_TRUE(session.echoes());
  session.type("\x03");
  EXPECT_THAT(session.end(), HasSubstr("stoker: interrupted; nothing was done\nrestored, code 130\n"));
}

TEST_F(AccountsTerminalTest, a_secret_is_not_read_from_a_terminal_that_shows_it) {
  TerminalSession session(agent_.port(), {"accounts", "add", "lambda", "--secret", "api_key=-"});
  EXPECT_EQ(session.end(),
            "stoker: the secret api_key is to come from standard input, which is a terminal and would show it\n"
            "hint: leave --secret api_key out, and it is asked for\n"
            "restored, code 2\n");
}

TEST_F(AccountsTerminalTest, nothing_given_changes_nothing) {
  agent_.answer_to("GET /v1/accounts/plain", 200, R"({"id":"plain","provider":"plain"})");
  agent_.answer_to("GET /v1/providers/plain/setup", 200,
                   R"({"needs_account":true,"fields":[{"key":"token","secret":true,"kind":"secret"}]})");
  TerminalSession session(agent_.port(), {"accounts", "change", "plain"});
  session.answer("\ntoken: ", "");
  EXPECT_THAT(session.end(), HasSubstr("stoker: nothing was given, so nothing is changed\nrestored, code 130\n"));
  EXPECT_EQ(agent_.body_of("PATCH /v1/accounts/plain"), "nothing was sent");
}

TEST_F(AccountsTerminalTest, remove_asks_first) {
  agent_.answer_to("DELETE /v1/accounts/lambda", 204, "");
  const std::string question = "remove account lambda? [y/N] ";
  TerminalSession kept(agent_.port(), {"accounts", "remove", "lambda"});
  kept.answer(question, "");
  EXPECT_THAT(kept.end(), HasSubstr("stoker: account lambda stays connected\nrestored, code 130\n"));
  EXPECT_TRUE(agent_.asked().empty());
  TerminalSession removed(agent_.port(), {"accounts", "remove", "lambda"});
  removed.answer(question, "y");
  EXPECT_EQ(removed.end(),
            "Its credential is forgotten here; at the cloud it stays valid until you revoke it there.\n" + question +
                "y\naccount lambda removed\nrestored, code 0\n");
  EXPECT_THAT(agent_.asked(), ElementsAre("DELETE /v1/accounts/lambda"));
}

}  // namespace
}  // namespace stoker::cli
