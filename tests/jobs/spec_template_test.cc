#include "core/jobs/spec_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace stoker::jobs {
namespace {

const templates::Catalogue kCatalogue(STOKER_SOURCE_DIR "/examples/templates");
const SpecRules kRun{false, {"local"}, {"transformers", "axolotl"}, &kCatalogue};
constexpr const char* kData = R"("inputs":[{"from":"file:file-abc","to":"data/train.jsonl"}])";

std::string job(const std::string& id, const std::string& more = {}) {
  return R"({"template":")" + id + "\"," + kData + (more.empty() ? "" : "," + more) + "}";
}

std::string refusal(const std::string& json) {
  try {
    (void)parse_spec(json, kRun);
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint + " | " + error.field;
  }
  return "accepted";
}

TEST(TemplatedSpec, GetsItsPartsFromTheTemplate) {
  const JobSpec spec = parse_spec(job("tiny-lm", R"("params":{"epochs":2})"), kRun);
  EXPECT_EQ(spec.name, "tiny-lm");
  EXPECT_EQ(spec.run, "exec python3 template/train.py @template/arguments");
  EXPECT_EQ(spec.log_parser, "transformers");
  EXPECT_EQ(spec.outputs, std::vector<std::string>{"out/"});
  EXPECT_EQ(spec.checkpoints.path, "out/checkpoint-*");
  ASSERT_TRUE(spec.from_template.has_value());
  EXPECT_EQ(spec.from_template->id, "tiny-lm");
  EXPECT_THAT(spec.from_template->params, testing::HasSubstr(R"("epochs":2,"max_steps":0,"batch_size":8,)"));
  EXPECT_THAT(spec.serve.command, testing::HasSubstr("template/serve.py"));
}

TEST(TemplatedSpec, WhatTheSpecSaysItselfHolds) {
  const JobSpec spec =
      parse_spec(job("transformers-sft",
                     R"("name":"mine","log_parser":"none","outputs":["out/model/x"],"env":{"WANDB_MODE":"offline",)"
                     R"("TOKENIZERS_PARALLELISM":"true"},"checkpoints":{"path":"c","every_minutes":1})"),
                 kRun);
  EXPECT_EQ(spec.name, "mine");
  EXPECT_EQ(spec.log_parser, "none");
  EXPECT_EQ(spec.outputs, std::vector<std::string>{"out/model/x"});
  EXPECT_EQ(spec.checkpoints.path, "c");
  EXPECT_THAT(spec.env, testing::Contains(std::pair<std::string, std::string>("TOKENIZERS_PARALLELISM", "true")));
  EXPECT_THAT(spec.env, testing::Contains(std::pair<std::string, std::string>("HF_HUB_DISABLE_TELEMETRY", "1")));
  EXPECT_EQ(spec.env.size(), 3U);
}

// A job goes on as it was begun, without the templates of a later agent.
TEST(TemplatedSpec, IsStoredWithWhatItBecame) {
  const JobSpec spec =
      parse_spec(job("transformers-sft", R"("params":{"learning_rate":0.001,"model":"Qwen/Qwen3-4B"})"), kRun);
  const std::string stored = to_json(spec);
  const JobSpec again = stored_spec(stored);
  EXPECT_EQ(to_json(again), stored);
  EXPECT_EQ(again.setup, spec.setup);
  EXPECT_EQ(again.run, spec.run);
  ASSERT_TRUE(again.from_template.has_value());
  EXPECT_EQ(again.from_template->params, spec.from_template->params);
  EXPECT_EQ(again.from_template->gpu_memory, spec.from_template->gpu_memory);
  EXPECT_GT(again.from_template->gpu_memory, 8'000'000'000U);
  ASSERT_EQ(again.from_template->files.size(), spec.from_template->files.size());
  EXPECT_EQ(again.from_template->files.front().source, "transformers-sft/train.py");
  EXPECT_THAT(stored, testing::HasSubstr(R"("content":"--model=Qwen/Qwen3-4B\n--method=lora\n)"));
}

TEST(TemplatedSpec, RefusesWithAWayOut) {
  EXPECT_EQ(refusal(job("tiny-ml")), "template: there is no template 'tiny-ml' | did you mean 'tiny-lm'? | template");
  EXPECT_EQ(refusal(job("tiny-lm", R"("run":"true")")),
            "run: the template gives it | leave out either template or run | run");
  EXPECT_EQ(refusal(job("tiny-lm", R"("setup":"true")")),
            "setup: the template gives it | leave out either template or setup | setup");
  EXPECT_EQ(refusal(job("tiny-lm", R"("params":{"epoch":2})")),
            "params.epoch: tiny-lm has no such parameter | did you mean 'epochs'? | params.epoch");
  EXPECT_EQ(refusal(job("tiny-lm", R"("params":[])")), "params: must be a map, not a list |  | params");
  EXPECT_EQ(refusal(R"({"template":7})"), "template: must be text, not a number |  | template");
  EXPECT_EQ(refusal(R"({"template":"tiny-lm"})"),
            "inputs: tiny-lm needs data/train.jsonl | give {from: file:<id>, to: data/train.jsonl}; chats to imitate: "
            R"({"messages": [{"role", "content"}, ...]} a line | inputs)");
  EXPECT_EQ(
      refusal(
          R"({"template":"tiny-lm","inputs":[{"from":"file:a","to":"data"},{"from":"file:b","to":"template/train.py"}]})"),
      "inputs[1].to: template/ is where the template's own files go | choose another name | inputs[1].to");
}

TEST(TemplatedSpec, TakesTheDataFromAFolderToo) {
  EXPECT_EQ(refusal(R"({"template":"tiny-lm","inputs":[{"from":"file:a","to":"data"}]})"), "accepted");
  EXPECT_EQ(refusal(R"({"template":"tiny-lm","inputs":[{"from":"file:a","to":"dat"}]})").substr(0, 40),
            "inputs: tiny-lm needs data/train.jsonl |");
}

// The scripts lie in the agent's own folder, so a token that may name no path may use them.
TEST(TemplatedSpec, ARunTokenMayUseOne) {
  EXPECT_EQ(refusal(job("tiny-lm")), "accepted");
  EXPECT_EQ(
      refusal(R"({"template":"tiny-lm","inputs":[{"from":"/etc/passwd","to":"data/train.jsonl"}]})").substr(0, 61),
      "inputs[0].from: this token may not name paths of this machine");
}

}  // namespace
}  // namespace stoker::jobs
