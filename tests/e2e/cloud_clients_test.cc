// The main story by OpenAI's own client, up to the end of the machine that was kept, on the clock of fakecloud.
#include <cstdio>

#include "tests/e2e/cloud_fixture.h"
#include "tests/e2e/node_client.h"

namespace stoker::e2e {
namespace {

class ClientStory : public CloudTest, public testing::WithParamInterface<const char*> {
 protected:
  static void SetUpTestSuite() {
    client = install_client("node");  // before this process leaves the network
    CloudTest::SetUpTestSuite();
  }
  void SetUp() override {
    CloudTest::SetUp();
    if (IsSkipped()) return;
    if (!client.absent.empty()) GTEST_SKIP() << client.absent;
    start_cloud(30);
    enable(is_cloud() ? Words{GetParam()} : Words{});
    write_config(content(config() / "config.yaml") + "openai: { job: { provider: " + GetParam() +
                 ", after: { keep_idle_minutes: 10 } } }\n");
    start_fast_agent();
    if (is_cloud()) connect(GetParam());
  }
  [[nodiscard]] bool is_cloud() const { return std::string(GetParam()) != "local"; }
  [[nodiscard]] std::vector<Json> instances() const {
    return Json::parse(api().call("GET", "/v1/instances").body, "instances")["data"].items();
  }
  // Each is listed with the loss that was told up to then, newest first.
  static void expect_checkpoints_fall(const std::string& out) {
    double last = 0;
    std::string steps;
    for (const std::string& line : lines_of(out)) {
      int step = 0;
      double loss = 0;
      if (std::sscanf(line.c_str(), "checkpoint at step %d: loss %lf", &step, &loss) != 2) continue;
      steps += std::to_string(step) + " ";
      EXPECT_GT(loss, last) << out;
      last = loss;
    }
    EXPECT_EQ(steps, "150 125 100 75 50 25 ") << out;
  }
  static NodeClient client;
};
NodeClient ClientStory::client;

TEST_P(ClientStory, IsTrainedAskedAndEndedByTheIdleLimit) {
  const Result made = cli({"tokens", "create", "--name", "story"});
  ASSERT_EQ(made.code, 0) << made.err;
  Words more = client_environment(api(), made.out.substr(0, made.out.find('\n')));
  more.push_back("RESULTS=" + folder.string());
  const Result ran = run({client.node, client.folder / "story.mjs"}, environment(more), 150'000);
  ASSERT_EQ(ran.code, 0) << ran.out << ran.err;

  double first = 0, last = 0;
  for (const std::string& line : lines_of(ran.out))
    if (const size_t at = line.find("loss "); at != std::string::npos && last == 0)
      (void)std::sscanf(line.c_str() + at, "loss %lf -> %lf", &first, &last);
  EXPECT_GT(last, 0) << ran.out;
  EXPECT_LT(last, 0.7 * first) << ran.out;
  EXPECT_THAT(ran.out, testing::HasSubstr("Step 147/150: training loss="));
  EXPECT_THAT(ran.out, testing::HasSubstr("Checkpoint at step 150 has come home"));
  expect_checkpoints_fall(ran.out);
  EXPECT_THAT(ran.out, testing::HasSubstr("answered: the boat is green\n"));
  EXPECT_GT(lines_of(content(folder / "step_metrics.csv")).size(), 10U);
  EXPECT_GT(lines_of(content(folder / "metrics.jsonl")).size(), 10U);

  const std::vector<Json> held = instances();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_TRUE(held.front()["idle"].boolean()) << held.front().dump();
  const auto gone = [&] { return instances().front()["state"].text() == "gone"; };
  EXPECT_TRUE(eventually(gone, 120'000)) << instances().front().dump();
  EXPECT_THAT(instances().front()["reason"].text(), testing::HasSubstr("idle"));
  if (!is_cloud()) return;
  expect_nothing_left(GetParam());
  const Json judged = judgement(GetParam());
  EXPECT_EQ(judged["creates"].integer(), 1);
  EXPECT_EQ(judged["deletes"].integer(), 1);
}

INSTANTIATE_TEST_SUITE_P(Providers, ClientStory, testing::ValuesIn({"local", "lambda"}),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace stoker::e2e
