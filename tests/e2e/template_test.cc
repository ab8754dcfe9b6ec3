// A job of a training template, from the upload of its data to the model that comes home.
#include <fstream>
#include <random>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

std::string examples(int count) {
  const std::pair<const char*, const char*> capitals[] = {{"France", "Paris"}, {"Italy", "Rome"}, {"Japan", "Tokyo"},
                                                          {"Norway", "Oslo"},  {"Peru", "Lima"},  {"Kenya", "Nairobi"}};
  std::mt19937 random(7);
  std::string text;
  for (int i = 0; i < count; ++i) {
    const auto& [country, capital] = capitals[random() % std::size(capitals)];
    text += R"({"messages":[{"role":"user","content":"What is the capital of )" + std::string(country) +
            R"(?"},{"role":"assistant","content":"The capital of )" + country + " is " + capital + ".\"}]}\n";
  }
  return text;
}

class TemplateTest : public AgentTest {
 protected:
  [[nodiscard]] std::string upload(const std::string& bytes) const {
    const Answer answer = api().call("POST", "/v1/files", bytes, {{"Content-Type", "application/octet-stream"}});
    return Json::parse(answer.body, "the file")["id"].text();
  }
  [[nodiscard]] Answer post(const std::string& path, const std::string& body) const {
    return api().call("POST", path, body, {{"Content-Type", "application/json"}});
  }
  static std::string spec(const std::string& file, const std::string& params) {
    return R"({"template":"tiny-lm","provider":"local","params":)" + params + R"(,"inputs":[{"from":"file:)" + file +
           R"(","to":"data/train.jsonl"}]})";
  }
  [[nodiscard]] std::vector<double> losses(const std::string& id) const {
    std::vector<double> values;
    const auto answer = api().call("GET", "/v1/jobs/" + id + "/metrics?names=train_loss");
    for (const Json& series : Json::parse(answer.body, "metrics")["data"].items())
      for (const Json& point : series["points"].items()) values.push_back(point["value"].number().value_or(0));
    return values;
  }
};

TEST_F(TemplateTest, TinyLmLearnsFromTwoHundredChats) {
  start_agent();
  const std::string file = upload(examples(200));
  const std::string asked = spec(file, R"({"epochs":2,"batch_size":10,"seed":5})");

  const Json before = Json::parse(post("/v1/estimates", asked).body, "the estimate");
  EXPECT_EQ(before["training"]["examples"].integer(), 200) << before.dump();
  EXPECT_EQ(before["training"]["steps"].integer(), 40);
  // 7 and 7 words and marks, and 4 around each of the two messages
  EXPECT_EQ(before["training"]["tokens"].integer(), 200 * (14 + 8));
  EXPECT_EQ(before["training"]["trained_tokens"].integer(), 2 * 200 * (14 + 8));
  EXPECT_EQ(before["training"]["gpu_memory_gb"].number(), 0.0);
  EXPECT_TRUE(before["hours"]["likely"].is_null());
  EXPECT_THAT(before["rests_on"].dump(), HasSubstr("how long a step takes is not known"));

  const std::string id = submit(asked);
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump() << log_of(id);
  EXPECT_EQ(ended["parser"].text(), "transformers");
  const auto loss = losses(id);
  ASSERT_GE(loss.size(), 10U) << log_of(id);
  EXPECT_LT(loss.back(), loss.front() / 2);
  EXPECT_THAT(artifact(id, "out/model/model.json"), HasSubstr("vocabulary"));
  EXPECT_THAT(artifact(id, "out/checkpoint-20/model.json"), HasSubstr("vocabulary"));
  expect_nothing_rented();

  // The next one is told what a step took.
  const Json after = Json::parse(post("/v1/estimates", asked).body, "the estimate");
  EXPECT_FALSE(after["hours"]["likely"].is_null()) << after.dump();
  EXPECT_THAT(after["rests_on"].dump(), HasSubstr("hours: 1 earlier job of the template tiny-lm on "));
}

TEST_F(TemplateTest, AnEstimateNamesWhatIsWrongWithTheData) {
  start_agent();
  const Answer absent = post("/v1/estimates", spec("file-none", "{}"));
  EXPECT_EQ(absent.status, 400);
  EXPECT_THAT(absent.body, HasSubstr("inputs[0].from: there is no file file-none"));
  const std::string file = upload("{\"messages\":[]}\n[1]\n");
  const Answer broken = post("/v1/estimates", spec(file, "{}"));
  EXPECT_EQ(broken.status, 400);
  EXPECT_THAT(broken.body, HasSubstr("line 2: is not a JSON object"));
}

// This machine has none, or one that is not to be had by way of a test: either way nothing is begun.
TEST_F(TemplateTest, ATrainingTooLargeForEveryGpuIsRefusedWithTheReason) {
  start_agent();
  const std::string file = upload(examples(10));
  const Answer answer =
      post("/v1/estimates", R"({"template":"transformers-sft","provider":"local","params":{"model_params_b":9000},)"
                            R"("inputs":[{"from":"file:)" +
                                file + R"(","to":"data/train.jsonl"}]})");
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("no offer fits any GPU with "));
}

TEST_F(TemplateTest, TheCommandLineRunsAndListsThem) {
  start_agent();
  const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder / name) << text; };
  write("train.jsonl", examples(20));
  write("job.yaml",
        "template: tiny-lm\nprovider: local\nparams: { epochs: 1, max_steps: 2 }\n"
        "inputs: [ { from: train.jsonl, to: data/train.jsonl } ]\n");
  const Result ran = cli({"run", (folder / "job.yaml").string()});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err, HasSubstr("Total optimization steps = 2"));
  const Result wrong = cli({"run", (folder / "job.yaml").string(), "--set", "params.epoch=3"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'epochs'?"));
  EXPECT_THAT(cli({"templates"}).out, HasSubstr("tiny-lm           CPU        cpu"));
  EXPECT_THAT(cli({"templates", "transformers-sft"}).out, HasSubstr("0.0002; 1e-05 with method full"));
  EXPECT_EQ(cli({"templates", "tiny-llm"}).code, 1);
  EXPECT_THAT(cli({"estimate", (folder / "job.yaml").string()}).out,
              HasSubstr("training     20 examples, about 440 tokens, 2 steps\n"));
}

}  // namespace
}  // namespace stoker::e2e
