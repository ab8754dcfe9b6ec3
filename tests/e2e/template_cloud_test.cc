// What a training template needs of a GPU decides which machine is rented.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TemplateOnCloud : public CloudTest {
 protected:
  void SetUp() override {
    CloudTest::SetUp();
    if (IsSkipped()) return;
    start_cloud(20);
    enable({"lambda"});
    start_fast_agent();
    connect("lambda");
  }
  // 14 billion parameters and their adapters need more than the 24 GB of the two cheapest machines.
  [[nodiscard]] std::string spec() const {
    const Answer file = api().call("POST", "/v1/files",
                                   R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})",
                                   {{"Content-Type", "application/octet-stream"}});
    return R"({"template":"transformers-sft","provider":"lambda","params":{"model":"acme/ours","model_params_b":14},)"
           R"("limits":{"max_hours":1},"inputs":[{"from":"file:)" +
           Json::parse(file.body, "the file")["id"].text() + R"(","to":"data/train.jsonl"}]})";
  }
  static std::vector<std::string> machines_of(const Json& too_small) {
    std::vector<std::string> machines;
    for (const Json& one : too_small.items()) machines.push_back(one["offer"]["machine"].text());
    return machines;
  }
};

TEST_F(TemplateOnCloud, TheCheapestThatIsLargeEnoughIsRented) {
  const std::string asked = spec();
  const Answer answer = api().call("POST", "/v1/estimates", asked, {{"Content-Type", "application/json"}});
  const Json estimate = Json::parse(answer.body, "the estimate");
  EXPECT_EQ(estimate["offer"]["machine"].text(), "gpu_1x_a6000") << answer.body;
  const double needed = estimate["training"]["gpu_memory_gb"].number().value_or(0);
  EXPECT_GT(needed, 28);
  EXPECT_LT(needed, 48);
  EXPECT_THAT(machines_of(estimate["too_small"]),
              ElementsAre("gpu_1x_rtx6000", "gpu_1x_a10", "gpu_1x_a10", "gpu_1x_a10"));
  EXPECT_THAT(estimate["too_small"].items().front()["why"].text(),
              HasSubstr("each GPU has 25.7 GB; the training needs "));

  const Json offers = Json::parse(
      api().call("GET", "/v1/offers?count=1&template=transformers-sft&params=%7B%22model_params_b%22:14%7D").body,
      "offers");
  EXPECT_EQ(machines_of(offers["too_small"]).front(), "gpu_1x_rtx6000");
  EXPECT_EQ(offers["data"].items().front()["machine"].text(), "gpu_1x_a6000");

  const std::string id = submit(asked);
  EXPECT_TRUE(eventually([&] { return !job(id)["attempts"].items().empty(); }));
  EXPECT_EQ(job(id)["attempts"].items().front()["machine"].text(), "gpu_1x_a6000");
  (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  expect_nothing_left("lambda");
}

TEST_F(TemplateOnCloud, WhatNoGpuHoldsIsNotRented) {
  std::string asked = spec();
  asked.replace(asked.find(":14"), 3, ":900");
  const std::string id = submit(asked);
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_THAT(ended["reason"].text(), HasSubstr("no offer fits any GPU with "));
  EXPECT_THAT(ended["reason"].text(), HasSubstr(" of GPU memory only"));
  EXPECT_EQ(judgement("lambda")["creates"].integer(), 0);
}

}  // namespace
}  // namespace stoker::e2e
