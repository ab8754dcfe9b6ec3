#include "core/cli/job_file.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace stoker::cli {
namespace {

using ::testing::HasSubstr;

std::optional<std::string> no_variable(const std::string&) { return std::nullopt; }

template <typename F>
std::string refusal(F act) {
  try {
    act();
    return "no error";
  } catch (const Error& e) {
    return std::string(e.what()) + (e.hint.empty() ? "" : " | " + e.hint);
  }
}

TEST(JobFile, becomes_the_json_of_the_agent) {
  JobFile job(
      "name: tiny\ninputs:\n- {from: ./data, to: d}\n- {from: /abs}\n- {from: file:abc}\nenv: {A: 1.10, B: yes}\nrun: "
      "|\n  x\n",
      "job.yaml", "/home/me");
  job.resolve(no_variable);
  EXPECT_EQ(job.json(),
            R"({"name":"tiny","inputs":[{"from":"/home/me/data","to":"d"},{"from":"/abs"},{"from":"file:abc"}],)"
            R"("env":{"A":"1.10","B":"yes"},"run":"x\n"})");
}

TEST(JobFile, takes_secrets_from_the_environment_of_the_caller) {
  JobFile job("run: x\nsecrets:\n  HF_TOKEN: env:MY_TOKEN\n", "job.yaml", "/");
  EXPECT_EQ(refusal([&] { job.resolve(no_variable); }),
            "job.yaml:3: the secret HF_TOKEN is to come from MY_TOKEN, which is not set | run: export MY_TOKEN=...");
  job.resolve(
      [](const std::string& name) { return name == "MY_TOKEN" ? std::optional<std::string>("123") : std::nullopt; });
  EXPECT_EQ(job.json(), R"({"run":"x","secrets":{"HF_TOKEN":"123"}})");
}

TEST(JobFile, knows_what_looks_like_a_secret_in_the_clear) {
  const JobFile job(
      "run: x\nenv: {HF_TOKEN: hf_0123456789abcdef, WANDB_API_KEY: 0123456789abcdef, PAD_TOKEN: <pad>, MODEL: "
      "some/very-long-name-of-it}\n",
      "job.yaml", "/");
  EXPECT_EQ(job.bare_secrets(), (std::vector<std::string>{"HF_TOKEN", "WANDB_API_KEY"}));
  EXPECT_TRUE(JobFile("run: x\nenv: 3\n", "job.yaml", "/").bare_secrets().empty());
}

TEST(JobFile, flags_override_the_file) {
  JobFile job("run: x\nlimits: {max_cost: 20, max_hours: 6}\nenv: {A: 1}\nprovider: aws\n", "job.yaml", "/");
  job.set("limits.max_cost=5");
  job.set("resources.gpu=H100:1");
  job.set("checkpoints={path: a, every_minutes: 2}");
  job.set_env("A=2=3");
  job.set_env("B=");
  job.set_provider("lambda,vast");
  EXPECT_EQ(job.json(),
            R"({"run":"x","limits":{"max_cost":5,"max_hours":6},"env":{"A":"2=3","B":""},"provider":["lambda","vast"],)"
            R"("resources":{"gpu":"H100:1"},"checkpoints":{"path":"a","every_minutes":2}})");
  EXPECT_EQ(job.where("limits.max_cost"), "job.yaml with the values given by flags");
  EXPECT_EQ(refusal([&] { job.set("limits"); }), "--set limits: no `=` after a name | write --set limits.max_cost=5");
  EXPECT_EQ(refusal([&] { job.set("run.x=1"); }), "--set run.x: what is before `x` is text, not a map");
  EXPECT_THAT(refusal([&] { job.set("a=[1"); }), HasSubstr("--set a:"));
}

TEST(JobFile, knows_the_line_of_a_field) {
  const JobFile job("name: a\ninputs:\n  - from: x\n  - from: y\n    too: z\nlimits:\n  max_cost: lots\n", "job.yaml",
                    "/");
  EXPECT_EQ(job.where("limits.max_cost"), "job.yaml:7");
  EXPECT_EQ(job.where("inputs[1].too"), "job.yaml:5");
  EXPECT_EQ(job.where("inputs.1.from"), "job.yaml:4");
  EXPECT_EQ(job.where("/inputs/0"), "job.yaml:3");
  EXPECT_EQ(job.where("limits.max_hours"), "job.yaml:7");
  EXPECT_EQ(job.where("run"), "job.yaml:1");
}

TEST(JobFile, errors_say_what_is_wrong) {
  EXPECT_EQ(refusal([] { JobFile("", "job.yaml", "/"); }), "job.yaml is empty | a job names at least what to `run`");
  EXPECT_EQ(refusal([] { JobFile("- a\n- b\n", "job.yaml", "/"); }), "job.yaml:1: a job is a map of keys, not a list");
  EXPECT_EQ(refusal([] { JobFile("just text", "job.yaml", "/"); }), "job.yaml:1: a job is a map of keys, not text");
  EXPECT_THAT(refusal([] { (void)JobFile::load("/nowhere/job.yaml"); }), HasSubstr("/nowhere/job.yaml"));
  EXPECT_EQ(refusal([] { (void)JobFile::load("/tmp"); }), "/tmp is a folder | name the job's YAML file");
}

}  // namespace
}  // namespace stoker::cli
