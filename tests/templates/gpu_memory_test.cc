#include "core/templates/gpu_memory.h"

#include "core/templates/model_size.h"
#include "core/templates/rendering.h"
#include "tests/templates/real_templates.h"

namespace stoker::templates {
namespace {

double gigabytes(const std::string& id, const std::string& params) {
  const Template& of = real_templates().find(id);
  return static_cast<double>(render(of, Params(of, params)).gpu_memory) / 1e9;
}

// Bounds are cards: what people train where.
TEST(GpuMemory, FitsWhatIsKnownToFit) {
  EXPECT_EQ(gigabytes("tiny-lm", ""), 0);
  EXPECT_LT(gigabytes("transformers-sft", R"({"model":"Qwen/Qwen3-0.6B"})"), 8);
  EXPECT_LT(gigabytes("transformers-sft", R"({"model":"Qwen/Qwen3-8B","method":"qlora"})"), 16);
  EXPECT_LT(gigabytes("transformers-sft", R"({"model":"Qwen/Qwen3-8B"})"), 24.5);
  EXPECT_LT(gigabytes("transformers-sft", R"({"model":"meta-llama/Llama-3.3-70B-Instruct","method":"qlora"})"), 80);
  EXPECT_LT(gigabytes("transformers-sft", R"({"model":"Qwen/Qwen3-0.6B","method":"full"})"), 24);
}

TEST(GpuMemory, DoesNotFitWhatIsKnownNotTo) {
  EXPECT_GT(gigabytes("transformers-sft", R"({"model":"Qwen/Qwen3-8B"})"), 16);
  EXPECT_GT(gigabytes("transformers-sft", R"({"model":"meta-llama/Llama-3.3-70B-Instruct"})"), 141);
  EXPECT_GT(gigabytes("transformers-sft", R"({"model":"meta-llama/Llama-3.3-70B-Instruct","method":"qlora"})"), 48);
  EXPECT_GT(gigabytes("transformers-sft", R"({"model":"Qwen/Qwen3-8B","method":"full"})"), 80);
}

TEST(GpuMemory, GrowsWithWhatIsComputedAtOnce) {
  const double one = gigabytes("transformers-sft", "");
  EXPECT_GT(gigabytes("transformers-sft", R"({"max_seq_length":4096})"), one + 3);
  EXPECT_GT(gigabytes("transformers-sft", R"({"micro_batch_size":2})"), one + 3);
  EXPECT_GT(gigabytes("transformers-sft", R"({"lora_r":256})"), one + 1);
  EXPECT_EQ(gigabytes("transformers-sft", R"({"batch_size":64})"), one);
  EXPECT_GT(gigabytes("trl-dpo", ""), one + 3);  // both answers
}

TEST(GpuMemory, IsTheFormulaOfTheHeader) {
  const MemoryFormula formula{1e9, 4, 1e6, 2, {{"lora", {2, 16}}}};
  // h = 4096 and L = 32 for 12 * 128^2 * 32^3 parameters.
  const double parameters = 12.0 * 4096 * 4096 * 32;
  const double expected = 1e9 + 2 * parameters + 19 * 8 * 32.0 * 4096 * 16 + 2 * 100 * (32.0 * 4096 * 4 + 1e6);
  EXPECT_NEAR(static_cast<double>(needed_gpu_memory(formula, {parameters, "lora", 8, 100})), expected, 2);
  EXPECT_EQ(needed_gpu_memory(formula, {parameters, "unheard-of", 8, 100}),
            needed_gpu_memory(formula, {parameters, "lora", 8, 100}));
  EXPECT_EQ(gigabytes_text(12'700'000'001), "12.8 GB");
}

TEST(ModelSize, IsToldByTheName) {
  const std::pair<const char*, double> known[] = {{"Qwen/Qwen3-0.6B", 0.6e9},
                                                  {"8B", 8e9},
                                                  {"Llama-3.1-70B", 70e9},
                                                  {"meta-llama/Llama-3.2-1B-Instruct", 1e9},
                                                  {"google/gemma-3-270m", 0.27e9},
                                                  {"Qwen/Qwen3-30B-A3B", 30e9},
                                                  {"mistral-8x3b", 24e9},
                                                  {"mistralai/Mixtral-8x7B-v0.1", 46.7e9},
                                                  {"gpt2-xl", 1.56e9},
                                                  {"openai-community/gpt2", 0.124e9},
                                                  {"me/phi-2-of-mine", 2.78e9},
                                                  {"google/gemma-3n-E4B-it", 7.85e9},
                                                  {"/models/my-13b", 13e9},
                                                  {"microsoft/Phi-3-mini-4k-instruct", 3.82e9}};
  for (const auto& [name, size] : known) {
    const auto told = parameters_of_model(name);
    ASSERT_TRUE(told.has_value()) << name;
    EXPECT_NEAR(*told, size, 1e5) << name;
  }
  for (const char* name : {"", "b", "my-model", "gpt-4o", "v1.5", "xb", "x7y", "0b", "1e9b"})
    EXPECT_FALSE(parameters_of_model(name).has_value()) << name;
}

TEST(ModelSize, AnUnknownModelIsRefusedWithTheWayOut) {
  EXPECT_EQ(
      refusal_of([] { (void)gigabytes("transformers-sft", R"({"model":"acme/ours"})"); }),
      "params.model: how many parameters 'acme/ours' has is not known | give params.model_params_b, for example 7 "
      "for seven billion | params.model");
  EXPECT_EQ(refusal_of([] { (void)gigabytes("transformers-sft", R"({"model":"openai/gpt-oss-20"})"); }),
            "params.model: how many parameters 'openai/gpt-oss-20' has is not known | did you mean "
            "'openai/gpt-oss-20b'? else give params.model_params_b, for example 7 for seven billion | params.model");
  EXPECT_GT(gigabytes("transformers-sft", R"({"model":"acme/ours","model_params_b":7})"), 14);
}

}  // namespace
}  // namespace stoker::templates
