#include <gmock/gmock.h>

#include "tests/cli/scripted_agent.h"
#include "tests/cli/terminal_session.h"

namespace stoker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kToken =
    R"({"id":"tok-1","name":"chatmle","scope":"run","origins":["tauri://localhost"],"created_ms":1,)"
    R"("last_used_ms":null})";
constexpr const char* kMade =
    R"({"id":"tok-2","name":"chatmle","scope":"run","origins":["tauri://localhost","http://x:1"],"created_ms":1,)"
    R"("last_used_ms":null,"token":"sk-stoker-abc"})";

class TokensCommandTest : public ::testing::Test {
 protected:
  Outcome run(const std::vector<std::string>& words) { return stoker(agent_, words); }
  void have(const std::string& tokens) { agent_.answer_to("GET /v1/tokens", 200, R"({"data":[)" + tokens + "]}"); }

  ScriptedAgent agent_;
};

TEST_F(TokensCommandTest, create_prints_the_secret_alone) {
  agent_.answer_to("POST /v1/tokens", 201, kMade);
  const Outcome made =
      run({"tokens", "create", "--name", "chatmle", "--origin", "tauri://localhost", "--origin", "http://x:1"});
  EXPECT_EQ(made.code, 0);
  EXPECT_EQ(made.out, "sk-stoker-abc\n");
  EXPECT_EQ(made.err, "stoker: token chatmle (tok-2) for tauri://localhost, http://x:1; it is not shown again\n");
  EXPECT_EQ(agent_.body_of("POST /v1/tokens"), R"({"name":"chatmle","origins":["tauri://localhost","http://x:1"]})");
  EXPECT_EQ(run({"tokens", "create", "--name", "a", "--replace", "--json"}).out, std::string(kMade) + "\n");
  EXPECT_EQ(agent_.body_of("POST /v1/tokens"), R"({"name":"a","origins":[],"replace":true})");
}

TEST_F(TokensCommandTest, list_shows_what_each_is_for) {
  have(std::string(kToken) + R"(,{"id":"tok-3","name":"script","origins":[],"created_ms":0})");
  const Outcome listed = run({"tokens"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.out, HasSubstr("TOKEN  NAME     FOR                CREATED"));
  EXPECT_THAT(listed.out, HasSubstr("tok-1  chatmle  tauri://localhost  1970-01-01"));
  EXPECT_THAT(listed.out, HasSubstr("tok-3  script   no web page        -"));
}

TEST_F(TokensCommandTest, list_says_how_to_make_the_first) {
  have("");
  EXPECT_EQ(run({"tokens", "list"}).err,
            "stoker: no app has a token; `stoker tokens create --name NAME --origin ORIGIN` makes one\n");
}

TEST_F(TokensCommandTest, revoke_takes_the_name_or_the_id) {
  have(kToken);
  agent_.answer_to("DELETE /v1/tokens/tok-1", 204, "");
  EXPECT_EQ(run({"tokens", "revoke", "chatmle"}).out, "token chatmle revoked\n");
  EXPECT_EQ(run({"tokens", "revoke", "tok-1"}).out, "token chatmle revoked\n");
  const Outcome unknown = run({"tokens", "revoke", "tok"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_EQ(unknown.err, "stoker: there is no token tok\nhint: `stoker tokens` lists them\n");
}

TEST_F(TokensCommandTest, refuse_what_is_typed_wrongly) {
  const std::pair<std::vector<std::string>, const char*> wrong[] = {
      {{"tokens", "create"},
       "stoker: tokens create: --name is missing\nhint: write `stoker tokens create --name NAME`\n"},
      {{"tokens", "revoke"}, "stoker: tokens revoke: TOKEN is missing\nhint: write `stoker tokens revoke NAME`\n"},
      {{"tokens", "make"}, "stoker: tokens make: no such action\nhint: use list, create or revoke\n"},
      {{"tokens", "list", "--name", "x"},
       "stoker: tokens list does not take --name\nhint: `stoker tokens --help` tells more\n"},
      {{"connect", "chatml"}, "stoker: connect chatml: no such app is known\nhint: did you mean `chatmle`?\n"},
      {{"connect", "zzzz"},
       "stoker: connect zzzz: no such app is known\nhint: `stoker tokens create` makes a token for any other app\n"}};
  for (const auto& [words, told] : wrong) {
    const Outcome refused = run(words);
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.err, told);
  }
  EXPECT_THAT(agent_.asked(), ElementsAre());
}

TEST_F(TokensCommandTest, pass_on_what_the_agent_says_of_a_name) {
  agent_.answer_to("POST /v1/tokens", 409,
                   R"({"detail":"the name x is taken by token tok-1","hint":"choose another"})");
  const Outcome refused = run({"tokens", "create", "--name", "x"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "stoker: the name x is taken by token tok-1\nhint: choose another\n");
}

TEST_F(TokensCommandTest, connect_prints_what_to_paste_where) {
  have("");
  agent_.answer_to("POST /v1/tokens", 201, kMade);
  const Outcome connected = run({"connect", "chatmle", "--origin", "https://app.example"});
  EXPECT_EQ(connected.code, 0) << connected.err;
  const std::string base = "http://127.0.0.1:" + std::to_string(agent_.port()) + "/openai/v1";
  EXPECT_EQ(connected.out,
            "Paste these in ChatMLE, as the provider's base URL and API key:\n"
            "  base URL  " +
                base +
                "\n"
                "  API key   sk-stoker-abc\n"
                "The key works from tauri://localhost, http://x:1, and is not shown again;\n"
                "`stoker tokens revoke chatmle` ends it.\n");
  EXPECT_EQ(agent_.body_of("POST /v1/tokens"),
            R"({"name":"chatmle","origins":["tauri://localhost","http://tauri.localhost","http://localhost:5173",)"
            R"("http://localhost:3000","https://app.example"]})");
  EXPECT_EQ(run({"connect", "chatmle", "--json"}).out,
            R"({"app":"chatmle","base_url":")" + base +
                R"(","api_key":"sk-stoker-abc","origins":["tauri://localhost","http://x:1"],"token_id":"tok-2"})" +
                "\n");
}

TEST_F(TokensCommandTest, connect_replaces_a_key_only_when_that_is_meant) {
  have(kToken);
  agent_.answer_to("POST /v1/tokens", 201, kMade);
  const Outcome refused = run({"connect", "chatmle"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.err,
            "stoker: connect chatmle: a token of this name is there already, and its key can not be shown again\n"
            "hint: give --replace; the key that is in use now then ends\n");
  EXPECT_EQ(agent_.body_of("POST /v1/tokens"), "nothing was sent");
  EXPECT_EQ(run({"connect", "chatmle", "--replace"}).code, 0);
  EXPECT_THAT(agent_.body_of("POST /v1/tokens"), HasSubstr(R"("replace":true)"));
}

TEST_F(TokensCommandTest, connect_asks_at_a_terminal) {
  have(kToken);
  agent_.answer_to("POST /v1/tokens", 201, kMade);
  const std::string question = "replace the token chatmle? The key in use now then ends. [y/N] ";
  TerminalSession no(agent_.port(), {"connect", "chatmle"});
  no.answer(question, "n");
  EXPECT_THAT(no.end(), HasSubstr("the token chatmle stays as it is\nrestored, code 130\n"));
  EXPECT_EQ(agent_.body_of("POST /v1/tokens"), "nothing was sent");
  TerminalSession yes(agent_.port(), {"connect", "chatmle"});
  yes.answer(question, "y");
  EXPECT_THAT(yes.end(), HasSubstr("API key   sk-stoker-abc\n"));
}

}  // namespace
}  // namespace stoker::cli
