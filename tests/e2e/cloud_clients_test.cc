// The main story by OpenAI's own client, up to the end of the machine that was kept, on the clock of fakecloud.
#include <regex>

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
    const std::regex line("checkpoint at step ([0-9]+): loss ([0-9.]+)\n");
    double last = 0;
    std::string steps;
    for (std::sregex_iterator it(out.begin(), out.end(), line); it != std::sregex_iterator(); ++it) {
      steps += (*it)[1].str() + " ";
      EXPECT_GT(std::stod((*it)[2]), last) << out;
      last = std::stod((*it)[2]);
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

  std::smatch losses;
  ASSERT_TRUE(std::regex_search(ran.out, losses, std::regex("loss ([0-9.]+) -> ([0-9.]+)\n"))) << ran.out;
  EXPECT_LT(std::stod(losses[2]), 0.7 * std::stod(losses[1])) << ran.out;
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
