// What examples/clients shows, against a real agent: OpenAI's own client for Node, and curl.
#include <cstdlib>
#include <fstream>

#include "tests/e2e/node_client.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

class Clients : public AgentTest {
 protected:
  void SetUp() override {
    write_config(
        "plugins: [local, transformers]\n"
        "openai: { job: { provider: local, after: { keep_idle_minutes: 10 } } }\n");
    start_agent();
  }
  [[nodiscard]] std::string app_token() const {
    const Result made = cli({"tokens", "create", "--name", "story"});
    EXPECT_EQ(made.code, 0) << made.err;
    return made.out.substr(0, made.out.find('\n'));
  }
  [[nodiscard]] Result node(const NodeClient& client, Words words) const {
    Words more = client_environment(api(), app_token());
    more.push_back("RESULTS=" + folder.string());
    words.insert(words.begin(), client.node.string());
    words.at(1) = client.folder / words.at(1);
    return run(words, environment(more), 280'000);
  }
  // What conformance.mjs has recorded.
  void expect_answers_of(const std::filesystem::path& document, const std::string& before) const {
    const Result ran = run({"/usr/bin/python3", "-B", STOKER_SOURCE_DIR "/tests/clients/check_answers.py",
                            folder / "answers.jsonl", document, before},
                           environment(), 120'000);
    EXPECT_EQ(ran.code, 0) << document << "\n" << ran.out << ran.err;
  }
  [[nodiscard]] Json get(const std::string& path) const { return Json::parse(api().call("GET", path).body, path); }
};

TEST_F(Clients, OpenaisForNodeIsAnsweredAsItExpects) {
  const NodeClient client = install_client("node", {"conformance.mjs"});
  if (!client.absent.empty()) GTEST_SKIP() << client.absent;
  const Result ran = node(client, {"conformance.mjs", "250", "50"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  for (const char* line : {"files: ", "models: ", "refusals: ", "one job: ", "list: 250 jobs by 13 pages", "50 jobs"})
    EXPECT_THAT(ran.out, HasSubstr(line));
  std::ofstream(folder / "openapi.json") << api().call("GET", "/openapi.json").body;
  expect_answers_of(folder / "openapi.json", "");
  const char* given = ::getenv("STOKER_SPECS");
  const std::filesystem::path theirs =
      std::filesystem::path(given ? given : STOKER_SOURCE_DIR "/../shared/specs") / "openai-finetune-openapi.json";
  if (std::filesystem::exists(theirs))
    expect_answers_of(theirs, "/openai/v1");
  else
    std::fputs("OpenAI's document is not here (STOKER_SPECS): the answers are not held against it\n", stderr);
}

TEST_F(Clients, CurlTellsTheWholeStory) {
  if (run({"curl", "--version"}, environment()).code != 0) GTEST_SKIP() << "curl is not installed (scripts/setup test)";
  const std::string url = "http://127.0.0.1:" + std::to_string(api().port()) + "/openai/v1";
  const Result ran =
      run({STOKER_SOURCE_DIR "/examples/clients/curl/story.sh"},
          environment({"STOKER_URL=" + url, "STOKER_KEY=" + app_token(), "RESULTS=" + folder.string()}), 120'000);
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  for (const char* line : {": 200 chats\n", "succeeded: The job has successfully completed",
                           "last checkpoint: step 150", "answered: the boat is green\n", "data: [DONE]"})
    EXPECT_THAT(ran.out, HasSubstr(line));
  EXPECT_THAT(content(folder / "step_metrics.csv"), HasSubstr("step,train_loss,"));
  const std::vector<Json> held = get("/v1/instances")["data"].items();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_TRUE(held.front()["idle"].boolean()) << held.front().dump();
}

}  // namespace
}  // namespace stoker::e2e
