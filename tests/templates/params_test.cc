#include "core/templates/params.h"

#include "tests/templates/real_templates.h"

namespace stoker::templates {
namespace {

Params params(const std::string& id, const std::string& json) { return {real_templates().find(id), json}; }

std::string refusal(const std::string& json, const std::string& id = "transformers-sft") {
  return refusal_of([&] { (void)params(id, json); });
}

TEST(Params, TakeWhatIsGivenAndDefaultsElse) {
  const Params some = params("transformers-sft", R"({"epochs":2,"learning_rate":0.001,"model":"Qwen/Qwen3-8B"})");
  EXPECT_EQ(some.text("model"), "Qwen/Qwen3-8B");
  EXPECT_EQ(some.number("epochs", 0), 2);
  EXPECT_EQ(some.number("learning_rate", 0), 0.001);
  EXPECT_EQ(some.text("method"), "lora");
  EXPECT_EQ(some.number("absent", 7), 7);
}

TEST(Params, AWholeNumberMayBeWrittenWithAPoint) {
  EXPECT_EQ(params("tiny-lm", R"({"epochs":2.0})").text("epochs"), "2");
  EXPECT_EQ(params("tiny-lm", R"({"learning_rate":1})").text("learning_rate"), "1");
}

TEST(Params, ADefaultMayHangOnAnotherParameter) {
  EXPECT_EQ(params("transformers-sft", R"({"method":"full"})").text("learning_rate"), "1e-05");
  EXPECT_EQ(params("transformers-sft", R"({"method":"qlora"})").text("learning_rate"), "2e-04");
  EXPECT_EQ(params("transformers-sft", R"({"method":"full","learning_rate":0.5})").text("learning_rate"), "0.5");
  EXPECT_EQ(params("trl-dpo", "").text("learning_rate"), "5e-06");
}

TEST(Params, RefuseWhatIsUnknown) {
  EXPECT_EQ(refusal(R"({"epoch":2})"),
            "params.epoch: transformers-sft has no such parameter | did you mean 'epochs'? | params.epoch");
  EXPECT_EQ(refusal(R"({"beta":0.1})"),
            "params.beta: transformers-sft has no such parameter | `stoker templates transformers-sft` lists them | "
            "params.beta");
  EXPECT_EQ(refusal(R"({"epochs":1,"epochs":2})"), "params.epochs: given twice |  | params.epochs");
  EXPECT_EQ(refusal("[]"), "params: must be a map, not a list |  | params");
}

TEST(Params, RefuseOtherTypes) {
  EXPECT_EQ(refusal(R"({"epochs":"3"})"), "params.epochs: must be a whole number, not text |  | params.epochs");
  EXPECT_EQ(refusal(R"({"epochs":2.5})"), "params.epochs: must be a whole number, not 2.5 |  | params.epochs");
  EXPECT_EQ(refusal(R"({"epochs":true})"), "params.epochs: must be a whole number, not true/false |  | params.epochs");
  EXPECT_EQ(refusal(R"({"learning_rate":"NaN"})"),
            "params.learning_rate: must be a number, not text |  | params.learning_rate");
  // What a NaN becomes in JSON.
  EXPECT_EQ(refusal(R"({"learning_rate":null})"),
            "params.learning_rate: must be a number, not nothing | leave the key out for the default | "
            "params.learning_rate");
  EXPECT_EQ(refusal(R"({"learning_rate":NaN})").substr(0, 20), "params: is not JSON:");
  EXPECT_EQ(refusal(R"({"model":7})"), "params.model: must be text, not a number |  | params.model");
}

TEST(Params, RefuseWhatIsOutOfRange) {
  EXPECT_EQ(refusal(R"({"epochs":0})"), "params.epochs: must be from 1 to 50, not 0 |  | params.epochs");
  EXPECT_EQ(refusal(R"({"epochs":-1})"), "params.epochs: must be from 1 to 50, not -1 |  | params.epochs");
  EXPECT_EQ(refusal(R"({"batch_size":1000000000})"),
            "params.batch_size: must be from 1 to 4096, not 1000000000 |  | params.batch_size");
  EXPECT_EQ(refusal(R"({"batch_size":1e30})"),
            "params.batch_size: must be from 1 to 4096, not 1e+30 |  | params.batch_size");
  EXPECT_EQ(refusal(R"({"learning_rate":0})"),
            "params.learning_rate: must be from 1e-08 to 1, not 0 |  | params.learning_rate");
  EXPECT_EQ(refusal(R"({"method":"lorra"})"),
            "params.method: must be lora, qlora or full, not 'lorra' | did you mean 'lora'? | params.method");
}

// An argument is a line of a file.
TEST(Params, RefuseTextsThatAreMoreThanALine) {
  EXPECT_EQ(refusal(R"({"model":"a\n--epochs=9"})"), "params.model: contains a control character |  | params.model");
  EXPECT_EQ(refusal(R"({"model":""})"), "params.model: must not be empty |  | params.model");
  EXPECT_EQ(refusal("{\"model\":\"" + std::string(257, 'x') + "\"}"),
            "params.model: is longer than 256 bytes |  | params.model");
}

}  // namespace
}  // namespace stoker::templates
