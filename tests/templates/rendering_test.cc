// What becomes of each template, against tests/templates/golden; STOKER_WRITE_GOLDEN=1 writes it anew.
#include "core/templates/rendering.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/private_file.h"
#include "tests/templates/real_templates.h"

namespace stoker::templates {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = STOKER_SOURCE_DIR "/tests/templates/golden";

void expect_golden(const fs::path& path, const std::string& text) {
  if (std::getenv("STOKER_WRITE_GOLDEN") != nullptr) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  ASSERT_TRUE(fs::exists(path)) << path;
  EXPECT_EQ(read_file(path), text) << path;
}

std::string commands(const Rendering& made) {
  std::string text = "setup: " + made.setup + "\nrun: " + made.run + "\nserve: " + made.serve +
                     "\nparser: " + made.log_parser + "\ncheckpoints: " + made.checkpoints + "\n";
  for (const std::string& output : made.outputs) text += "output: " + output + "\n";
  for (const auto& [name, value] : made.env) text += "env: " + name + "=" + value + "\n";
  for (const StagedFile& file : made.files)
    text += "file: " + file.to + (file.source.empty() ? "" : " from " + file.source) + "\n";
  return text + "gpu memory: " + gigabytes_text(made.gpu_memory) + "\n";
}

std::string content(const Rendering& made, const std::string& name) {
  for (const StagedFile& file : made.files)
    if (file.to == std::string(kTemplateFolder) + "/" + name) return file.content;
  return {};
}

struct Case {
  const char *id, *name, *params;
};

class GoldenTest : public testing::TestWithParam<Case> {};

TEST_P(GoldenTest, Renders) {
  const auto& [id, name, given] = GetParam();
  const Template& of = real_templates().find(id);
  const Params params(of, std::string_view(given));
  const Rendering made = render(of, params);
  const fs::path folder = kGolden / (std::string(id) + "." + name);
  expect_golden(folder / "commands", commands(made));
  expect_golden(folder / "arguments", content(made, "arguments"));
  if (!of.packages.empty()) expect_golden(folder / "requirements.txt", content(made, "requirements.txt"));
}

INSTANTIATE_TEST_SUITE_P(
    Template, GoldenTest,
    testing::Values(
        Case{"tiny-lm", "defaults", ""}, Case{"transformers-sft", "defaults", ""},
        Case{"transformers-sft", "qlora",
             R"({"model":"Qwen/Qwen3-8B","method":"qlora","batch_size":16,"micro_batch_size":4,"epochs":2,)"
             R"("lora_r":64,"lora_alpha":16,"max_seq_length":4096,"save_steps":50,"seed":7})"},
        Case{"transformers-sft", "full", R"({"method":"full","max_steps":10})"}, Case{"trl-dpo", "defaults", ""},
        Case{"trl-dpo", "full", R"({"method":"full","beta":0.25,"learning_rate":0.000003})"},
        Case{"axolotl-lora", "defaults", ""},
        Case{"axolotl-lora", "qlora",
             R"({"model":"meta-llama/Llama-3.1-8B-Instruct","method":"qlora","max_steps":5,"save_steps":2})"}),
    [](const auto& one) {
      std::string text = std::string(one.param.id) + "_" + one.param.name;
      for (char& c : text) c = c == '-' ? '_' : c;
      return text;
    });

// What a user gave is in a file that the script reads: no shell ever sees it.
TEST(Rendering, KeepsWhatWasGivenOutOfTheCommands) {
  const std::string evil = "x-7b '; touch owned; $(id) `id` \"";
  for (const Template& of : real_templates().all()) {
    if (of.id == "tiny-lm") continue;
    JsonWriter json;
    json.begin_object().member("model", evil).end_object();
    const Rendering made = render(of, Params(of, json.str()));
    const Rendering plain = render(of, Params(of, std::string_view()));
    EXPECT_EQ(made.setup, plain.setup);
    EXPECT_EQ(made.run, plain.run);
    EXPECT_EQ(made.serve, plain.serve);
    EXPECT_NE(content(made, "arguments").find("--model=" + evil + "\n"), std::string::npos);
  }
}

TEST(Rendering, EachParameterBecomesItsArgument) {
  for (const Template& of : real_templates().all()) {
    const Params params(of, std::string_view());
    const std::string arguments = "\n" + content(render(of, params), "arguments");
    for (const Parameter& parameter : of.parameters) {
      if (parameter.argument.empty()) continue;
      EXPECT_NE(arguments.find("\n" + parameter.argument + "=" + params.text(parameter.name) + "\n"), std::string::npos)
          << of.id << " " << parameter.name;
    }
  }
}

TEST(Steps, AreBatchesTimesEpochs) {
  const Template& of = real_templates().find("tiny-lm");
  const auto steps = [&](const char* json, int64_t examples) {
    return steps_of(Params(of, std::string_view(json)), examples);
  };
  EXPECT_EQ(steps(R"({"batch_size":8,"epochs":3})", 200), 75);
  EXPECT_EQ(steps(R"({"batch_size":8,"epochs":3})", 201), 78);
  EXPECT_EQ(steps(R"({"batch_size":8,"epochs":3,"max_steps":10})", 200), 10);
  EXPECT_EQ(steps(R"({"batch_size":8,"epochs":1,"max_steps":10})", 8), 1);
  EXPECT_EQ(steps("", 0), 0);
}

}  // namespace
}  // namespace stoker::templates
