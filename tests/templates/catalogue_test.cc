#include "core/templates/catalogue.h"

#include "core/templates/params.h"
#include "tests/templates/real_templates.h"

namespace stoker::templates {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Catalogue, HasTheFourTemplates) {
  EXPECT_THAT(real_templates().problems(), IsEmpty());
  std::vector<std::string> ids;
  for (const Template& one : real_templates().all()) ids.push_back(one.id);
  EXPECT_THAT(ids, ElementsAre("axolotl-lora", "tiny-lm", "transformers-sft", "trl-dpo"));
}

TEST(Catalogue, NamesTheNearest) {
  EXPECT_EQ(refusal_of([] { (void)real_templates().find("tinylm"); }),
            "there is no template 'tinylm' | did you mean 'tiny-lm'? | template");
  EXPECT_EQ(refusal_of([] { (void)real_templates().find("nothing-like-it"); }),
            "there is no template 'nothing-like-it' | `stoker templates` lists them | template");
  EXPECT_EQ(refusal_of([] { (void)Catalogue("/nowhere").find("tiny-lm"); }),
            "this agent has no templates | install Stoker whole: they lie beside it | template");
}

// Programs that know one template know the others.
TEST(Catalogue, ParametersHaveTheSameNames) {
  for (const Template& one : real_templates().all()) {
    SCOPED_TRACE(one.id);
    for (const char* name : {"model", "method", "epochs", "max_steps", "batch_size", "learning_rate", "seed",
                             "max_seq_length", "save_steps"})
      EXPECT_NE(one.find(name), nullptr) << name;
    if (one.id != "tiny-lm") {
      for (const char* name : {"lora_r", "lora_alpha", "micro_batch_size", "model_params_b"})
        EXPECT_NE(one.find(name), nullptr) << name;
    }
    EXPECT_EQ(one.find("beta") != nullptr, one.task == "preference");
    EXPECT_EQ(one.data.front().to, "data/train.jsonl");
    EXPECT_EQ(one.data.back().to, "data/validation.jsonl");
    EXPECT_FALSE(one.data.back().required);
    EXPECT_FALSE(one.serve.empty());
    for (const Parameter& parameter : one.parameters) EXPECT_FALSE(parameter.help.empty()) << parameter.name;
  }
}

TEST(Catalogue, EveryDefaultMayBeGiven) {
  for (const Template& one : real_templates().all()) {
    const Params defaults(one, std::string_view());
    EXPECT_EQ(Params(one, defaults.json()).json(), defaults.json());
  }
}

// Only what the test suite runs may say so.
TEST(Catalogue, TellsWhatHasRun) {
  for (const Template& one : real_templates().all()) EXPECT_EQ(one.ran_on, one.id == "tiny-lm" ? "cpu" : "nothing");
}

}  // namespace
}  // namespace stoker::templates
