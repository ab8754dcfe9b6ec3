// What the agent makes of the log of a training, seen through its API.
#include <fstream>
#include <iterator>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;

class TrainingLogTest : public AgentTest {
 protected:
  // A job that prints this file and ends with `code`.
  std::string replay(const fs::path& log, int code, const std::string& more = {}) {
    const std::string id = submit(job_spec(
        "cat replayed; exit " + std::to_string(code),
        R"("inputs":[{"from":)" + json_text(log) + R"(,"to":"replayed"}])" + (more.empty() ? "" : "," + more)));
    const Json ended = await_end(id);
    EXPECT_EQ(ended["state"].text(), code == 0 ? "succeeded" : "failed") << ended.dump();
    return id;
  }
  std::vector<Json> of_kind(const std::string& id, const std::string& kind) {
    std::vector<Json> out;
    for (const Event& event : events(id))
      if (event.kind == kind) out.push_back(Json::parse(event.data, kind));
    return out;
  }
  std::vector<Json> series(const std::string& id, const std::string& name) {
    const auto answer = api().call("GET", "/v1/jobs/" + id + "/metrics?names=" + name);
    const auto all = Json::parse(answer.body, "metrics")["data"].items();
    return all.empty() ? std::vector<Json>{} : all[0]["points"].items();
  }
};

// Real logs and what a person found in them, where they are at hand.
class RealLogTest : public TrainingLogTest, public testing::WithParamInterface<const char*> {};

TEST_P(RealLogTest, ShowsTheSameSeriesThroughTheApi) {
  const fs::path log = std::string(STOKER_SOURCE_DIR "/../shared/logs/") + GetParam();
  if (!fs::exists(log)) GTEST_SKIP() << "there is no " << log;
  fs::path expectations = log;
  expectations.replace_extension(".expected.json");
  const Json expected = Json::parse(content(expectations), "expectations");
  const bool failed = expected["outcome"].text() == "failed";
  start_agent();
  const std::string id = replay(log, failed ? 1 : 0);

  const auto metrics = of_kind(id, "metric"), loss = series(id, "train_loss");
  EXPECT_EQ(static_cast<int64_t>(metrics.size()), expected["train_records"].integer().value_or(0));
  ASSERT_EQ(loss.size(), metrics.size());
  for (const std::string name : {"first", "last"}) {
    if (loss.empty()) break;
    const Json& point = name == "first" ? loss.front() : loss.back();
    EXPECT_EQ(point["value"].number(), expected[name]["loss"].number()) << name;
    if (expected[name]["step"].integer()) {
      EXPECT_EQ(point["step"].number(), expected[name]["step"].number()) << name;
    }
  }
  EXPECT_EQ(static_cast<int64_t>(of_kind(id, "eval").size()), expected["eval_records"].integer().value_or(0));
  if (expected["last_eval_loss"].number()) {
    EXPECT_EQ(series(id, "eval_loss").back()["value"].number(), expected["last_eval_loss"].number());
  }
  EXPECT_EQ(static_cast<int64_t>(of_kind(id, "summary").size()), expected["summary_records"].integer().value_or(0));
  if (expected["summary"]["train_loss"].number()) {
    EXPECT_EQ(of_kind(id, "summary").back()["train_loss_avg"].number(), expected["summary"]["train_loss"].number());
  }
  const Json job_now = job(id);
  EXPECT_EQ(job_now["parser"].text(), fs::path(GetParam()).parent_path() == "axolotl" ? "axolotl" : "transformers");
  EXPECT_GE(job_now["parser_score"].integer().value_or(0), 20);
  if (!failed) return;
  Json terminal = of_kind(id, "diagnosis").back();
  EXPECT_TRUE(terminal["terminal"].boolean()) << terminal.dump();
  EXPECT_EQ(terminal["kind"].text(), expected["terminal_error"]["kind"].text());
  EXPECT_NE(job_now["hint"].text(), "");
}

INSTANTIATE_TEST_SUITE_P(Log, RealLogTest,
                         testing::Values("transformers/08-training-convergence-example-txt.log",
                                         "transformers/11-synth-ehr-spanish-english-cwlc-100pct-original-gpu2-log.log",
                                         "trl/02-hotpotqa-agent-sft-log.log",
                                         "unsloth/05-minecraft-agent-swarm-train-log.log",
                                         "axolotl/02-openpipe-2-train-ipynb-c5.log"),
                         [](const auto& log) {
                           return std::string(log.param, std::string_view(log.param).find('/')) +
                                  std::to_string(log.index);
                         });

// The parser of the plugin template, as anyone may build it.
TEST_F(TrainingLogTest, AParserFromElsewhereTakesPartInTheChoice) {
  const fs::path plugins = fs::path(program()).parent_path().parent_path() / "tests" / "plugins";
  write_config("plugins: [local, transformers, axolotl, acme]\nplugin_path: [" + plugins.string() + "]\n");
  start_agent();
  std::ofstream(folder / "acme.log") << "acme-train 1.0\nstep=10 loss=1.5\nstep=20 loss=1.25\n";
  const std::string id = replay(folder / "acme.log", 0);
  EXPECT_EQ(job(id)["parser"].text(), "acme");
  EXPECT_EQ(job(id)["parser_score"].integer(), 80);
  const auto loss = series(id, "train_loss");
  ASSERT_EQ(loss.size(), 2U);
  EXPECT_EQ(loss[1]["step"].number(), 20.0);
  EXPECT_EQ(loss[1]["value"].number(), 1.25);

  std::ofstream(folder / "trainer.log") << "***** Running training *****\n{'loss': 2.5, 'epoch': 0.1}\n";
  EXPECT_EQ(job(replay(folder / "trainer.log", 0))["parser"].text(), "transformers");
}

TEST_F(TrainingLogTest, ALogThatNoParserKnowsIsStillDiagnosed) {
  start_agent();
  std::ofstream(folder / "plain.log") << "hello\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n"
                                         "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n";
  const std::string id = replay(folder / "plain.log", 1);
  EXPECT_EQ(job(id)["parser"].text(), "none");
  EXPECT_NE(job(id)["reason"].text().find("CUDA out of memory"), std::string::npos) << job(id).dump();
  EXPECT_NE(job(id)["hint"].text().find("smaller batch"), std::string::npos);
  // The same lines in a job that ends well ended nothing.
  const std::string well = replay(folder / "plain.log", 0);
  for (const Json& diagnosis : of_kind(well, "diagnosis")) EXPECT_FALSE(diagnosis["terminal"].boolean());
  const std::string unread = replay(folder / "plain.log", 1, R"("log_parser":"none")");
  EXPECT_TRUE(of_kind(unread, "diagnosis").empty());
}

}  // namespace
}  // namespace stoker::e2e
