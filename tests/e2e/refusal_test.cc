// What is refused, and in which words.
#include <Poco/Exception.h>

#include <chrono>
#include <fstream>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class RefusalTest : public AgentTest {
 protected:
  void SetUp() override { start_agent(); }

  // Exit code 2, these words on standard error, nothing on standard output, and no job.
  void expect_refused(const std::string& yaml, const std::string& message, const std::string& hint = {}) {
    SCOPED_TRACE(yaml.substr(0, 100));
    std::ofstream(folder / "job.yaml") << yaml;
    const Result ran = cli({"run", "--detach", (folder / "job.yaml").string()});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.out, IsEmpty());
    const auto lines = lines_of(ran.err);
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines[0], "stoker: " + (folder / "job.yaml").string() + message);
    if (hint.empty()) return;
    EXPECT_THAT(lines, testing::Contains("hint: " + hint));
  }

  // 400, or what is said, and this detail.
  void expect_answer(const std::string& body, const std::string& detail, int status = 400) {
    SCOPED_TRACE(body.substr(0, 100));
    const Answer answer = api().call("POST", "/v1/jobs", body);
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.type, "application/problem+json");
    EXPECT_THAT(Json::parse(answer.body, "problem")["detail"].text(), HasSubstr(detail));
  }

  void TearDown() override {
    EXPECT_TRUE(Json::parse(api().call("GET", "/v1/jobs").body, "jobs")["data"].items().empty());
    AgentTest::TearDown();
  }
};

TEST_F(RefusalTest, OfAJobFileNamesLineKeyAndRemedy) {
  expect_refused("run: [unclosed\n", ":2: not YAML: end of sequence flow not found");
  expect_refused("", " is empty", "a job names at least what to `run`");
  expect_refused("42\n", ":1: a job is a map of keys, not a whole number");
  expect_refused("name: x\nrunn: echo\n", ":2: runn: unknown key", "did you mean 'run'?");
  expect_refused("run: echo\nlimits: { max_huors: 1 }\n", ":2: limits.max_huors: unknown key",
                 "did you mean 'max_hours'?");
  expect_refused("run: echo\nlimits: 5\n", ":2: limits: must be a map, not a number");
  expect_refused("run: 7\n", ":1: run: must be text, not a number");
  expect_refused("name: x\n", ":1: run: is missing", "give the command that trains, for example: run: python train.py");
  expect_refused("run: echo\ninputs:\n  - { from: ./absent, to: x }\n",
                 ":3: inputs[0].from: " + (folder / "absent").string() + " does not exist", "check the path");
  expect_refused("run: echo\nprovider: locl\n", ":2: provider: no provider 'locl' is enabled here",
                 "did you mean 'local'?");
  expect_refused("run: echo\nprovider: hetzner\n", ":2: provider: no provider 'hetzner' is enabled here",
                 "stoker plugins list shows what there is; stoker plugins enable hetzner adds it");
  expect_refused("run: echo\nlog_parser: transformer\n", ":2: log_parser: no log parser 'transformer' is enabled here",
                 "did you mean 'transformers'?");
  expect_refused("run: echo\nlimits: { max_hours: .nan }\n", ": line 2: .nan is not a number that can be used");
  expect_refused("run: echo\nlimits: { max_hours: .inf }\n", ": line 2: .inf is not a number that can be used");
  expect_refused("run: echo\nlimits: { max_cost: -1 }\n", ":2: limits.max_cost: must not be negative");
  expect_refused("run: echo\nlimits: { max_cost: 0 }\n", ":2: limits.max_cost: must be more than 0",
                 "leave the key out for no cap");
  expect_refused("run: echo\noutputs: [ ../up ]\n", ":2: outputs[0]: must not leave the working directory with '..'");
}

TEST_F(RefusalTest, OfAHostileJobFileIsQuick) {
  expect_refused("run: echo\nname: " + std::string(10'000'000, 'x') + "\n", " is larger than 1048576 bytes");
  expect_refused("run: " + std::string(5000, '[') + "\n", ":1: nested deeper than 64 levels");
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 8; ++k) bomb += "," + before;
    bomb += "]\n";
  }
  const auto began = std::chrono::steady_clock::now();
  expect_refused(bomb, ":5: more than 10000 values once aliases are written out",
                 "put data into files and name them under `inputs`");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST_F(RefusalTest, OfAJsonJobSaysWhatIsWrong) {
  expect_answer(R"({"run":)", "the job spec is not JSON: ");
  expect_answer(R"({"run":"echo","limits":{"max_hours":NaN}})", "the job spec is not JSON: ");
  expect_answer(R"({"run":"echo","limits":{"max_hours":1e999}})", "the job spec is not JSON: ");
  expect_answer(R"({"run":"echo","limits":{"max_hours":-1}})", "limits.max_hours: must not be negative");
  expect_answer("[1]", "the job spec must be a map");
  expect_answer(std::string(3000, '['), "the job spec is not JSON: ");
  expect_answer(R"({"run":"echo","setpu":"x"})", "setpu: unknown key");
  expect_answer("{}", "run: is missing");
  expect_answer(R"({"run":"echo","env":{"STOKER_JOB_ID":"x"}})",
                "env.STOKER_JOB_ID: names beginning with STOKER_ are the agent's own");
  expect_answer(R"({"run":"echo","inputs":[{"from":"/nonexistent/x","to":"../x"}]})",
                "inputs[0].to: must not leave the working directory with '..'");
  try {
    expect_answer(R"({"run":")" + std::string(10'000'000, 'x') + "\"}", "the body is larger than 1048576 bytes", 413);
  } catch (const Poco::Exception&) {
    // The connection was closed while this client was still sending.
  }
}

TEST_F(RefusalTest, OfAStrangerComesBeforeEverythingElse) {
  const auto port = static_cast<uint16_t>(std::stoi(content(state() / "port")));
  const std::string spec = job_spec("echo stolen");
  EXPECT_EQ(ApiClient(port, "").call("POST", "/v1/jobs", spec).status, 401);
  const Answer wrong = ApiClient(port, std::string(64, 'a')).call("POST", "/v1/jobs", spec);
  EXPECT_EQ(wrong.status, 401);
  EXPECT_THAT(wrong.body, HasSubstr("this token is not known"));
  const Answer rebound = api().call("POST", "/v1/jobs", spec, {{"Host", "evil.example"}});
  EXPECT_EQ(rebound.status, 421);
  EXPECT_THAT(rebound.body, IsEmpty());
  EXPECT_EQ(api().call("POST", "/v1/jobs", spec, {{"Origin", "https://evil.example"}}).status, 403);
  EXPECT_EQ(api().call("POST", "/v1/jobs", spec, {{"Content-Type", "text/plain"}}).status, 415);
}

}  // namespace
}  // namespace stoker::e2e
