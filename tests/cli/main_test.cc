#include <gmock/gmock.h>

#include <filesystem>

#include "core/cli/command.h"
#include "core/cli/job_screen.h"
#include "core/error.h"
#include "tests/cli/called.h"

namespace stoker::cli {
namespace {

using ::testing::HasSubstr;

Result call(std::vector<std::string> words) {
  Entry entry;
  entry.version = "9.9.9";
  entry.build = "test";
  entry.serve = [](const ServeOptions& options) {
    return options.flags.listen == "127.0.0.1:0" && options.flags.state_dir == "/s" ? 0 : 1;
  };
  entry.settings = [](const Flags&) {
    Settings settings;
    settings.state_dir = "/nowhere/state";
    settings.config_file = "/nowhere/config.yaml";
    settings.runners = "/nowhere/runners";
    return settings;
  };
  entry.client_view = [](const std::filesystem::path&) { return std::nullopt; };
  return call_main(entry, std::move(words));
}

TEST(CommandLine, every_help_ends_with_the_exit_codes) {
  std::vector<std::vector<std::string>> helps = {{"--help"}};
  for (const auto& command : commands()) helps.push_back({command.name, "--help"});
  for (const auto& words : helps) {
    const Result result = call(words);
    EXPECT_EQ(result.code, 0) << words[0];
    const size_t codes = result.out.find("Exit codes:\n  0 ");
    ASSERT_NE(codes, std::string::npos) << words[0] << ": " << result.out;
    EXPECT_EQ(result.out.find("\n\n", codes), std::string::npos)
        << "something comes after the exit codes of " << words[0];
  }
}

TEST(CommandLine, bad_usage_is_2_and_names_the_way_out) {
  const Result typo = call({"rnu", "job.yaml"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_EQ(typo.err, "stoker: `rnu` is not a command\nhint: did you mean `run`?\n");
  EXPECT_EQ(call({}).code, 2);
  EXPECT_EQ(call({"jobs", "--nonsense"}).code, 2);
  EXPECT_EQ(call({"show"}).code, 2);
  const Result absent = call({"run", "/nowhere/job.yaml"});
  EXPECT_EQ(absent.code, 2);
  EXPECT_THAT(absent.err, HasSubstr("hint: name the job's YAML file\n"));
}

TEST(CommandLine, without_an_agent_it_is_3) {
  const Result result = call({"jobs"});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.err, "stoker: no agent is running\nhint: start one with `stoker serve`\n");
  const Result json = call({"--json", "jobs"});
  EXPECT_EQ(
      json.err,
      R"({"error":"no agent is running","fault":"unavailable","code":"no_agent","hint":"start one with `stoker serve`"})"
      "\n");
}

TEST(CommandLine, hands_flags_on_wherever_they_stand) {
  EXPECT_EQ(call({"--state-dir", "/s", "serve", "--listen", "127.0.0.1:0"}).code, 0);
  EXPECT_EQ(call({"serve", "--listen", "127.0.0.1:0", "--state-dir", "/s"}).code, 0);
  EXPECT_EQ(call({"version"}).out.substr(0, 12), "stoker 9.9.9");
  EXPECT_EQ(call({"--version"}).out, "stoker 9.9.9\n");
}

TEST(CommandLine, plugins_takes_an_action_and_an_id) {
  EXPECT_EQ(call({"plugins", "disable", "no-such-one"}).err, "stoker: no-such-one is not enabled\n");
  EXPECT_THAT(call({"plugins", "forget", "ssh"}).err, HasSubstr("plugins forget: no such action"));
  EXPECT_THAT(call({"plugins", "enable"}).err, HasSubstr("plugins enable: which plugin?"));
}

TEST(CommandLine, doctor_says_what_is_missing_and_fails) {
  const Result result = call({"doctor"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("problem  stoker-runner-x86_64: not found in /nowhere/runners\n         hint: "));
  EXPECT_THAT(result.out, HasSubstr("ok       agent: not running"));
}

TEST(JobScreen, shows_the_log_without_what_would_steer_the_terminal) {
  std::ostringstream out, err;
  JobScreen screen({}, out, err);
  screen.show({1, "state", R"({"state":"running"})"});
  screen.show({2, "log", R"({"offset":0,"text":"a\u001b[31mb\r\nhalf"})"});
  screen.show({3, "diagnosis", R"({"severity":"error","message":"out of memory","hint":"halve the batch"})"});
  screen.finish();
  EXPECT_EQ(out.str(), "ab\nhalf\n");
  EXPECT_EQ(err.str(), "stoker: running\nstoker: error: out of memory\nstoker: hint: halve the batch\n");
}

TEST(JobScreen, draws_step_loss_and_money_on_a_terminal) {
  std::ostringstream out, err;
  JobScreen::Look look;
  look.terminal = true;
  look.columns = 120;
  JobScreen screen(look, out, err);
  screen.show({1, "state", R"({"state":"running"})"});
  screen.show({2, "progress", R"({"scope":"train","n":30,"total":120,"percent":25.0,"eta_s":130})"});
  screen.show({3, "metric", R"({"step":30,"values":{"train_loss":2.5144}})"});
  screen.show({4, "cost", R"({"so_far":0.5,"currency":"USD"})"});
  EXPECT_THAT(err.str(), HasSubstr("[=====               ]  25%  step 30/120  loss 2.5144  ETA 2m10s  $0.50 so far"));
}

TEST(JobScreen, prints_events_as_json_lines) {
  std::ostringstream out, err;
  JobScreen::Look look;
  look.json = true;
  JobScreen screen(look, out, err);
  screen.show({5, "metric", R"({"t":1,"step":3,"values":{"train_loss":null}})"});
  EXPECT_EQ(out.str(), "{\"event\":\"metric\",\"seq\":5,\"t\":1,\"step\":3,\"values\":{\"train_loss\":null}}\n");
}

}  // namespace
}  // namespace stoker::cli
