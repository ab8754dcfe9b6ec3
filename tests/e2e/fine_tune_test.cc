// A fine-tuning job of an OpenAI client when the agent dies around the commit that makes it.
#include <Poco/Exception.h>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

constexpr const char* kJobs = "/openai/v1/fine_tuning/jobs";

class FineTuneCrashTest : public AgentTest {
 protected:
  [[nodiscard]] std::string upload() const {
    std::string lines;
    for (int i = 0; i < 20; ++i)
      lines += R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})"
               "\n";
    const std::string head = "--b\r\nContent-Disposition: form-data; name=";
    const std::string form = head + "\"purpose\"\r\n\r\nfine-tune\r\n" + head +
                             "\"file\"; filename=\"train.jsonl\"\r\n\r\n" + lines + "\r\n--b--\r\n";
    const Answer answer =
        api().call("POST", "/openai/v1/files", form, {{"Content-Type", "multipart/form-data; boundary=b"}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Json::parse(answer.body, "the file")["id"].text();
  }
  // As OpenAI's client sends it for the `retry`-th time; empty when no answer came.
  [[nodiscard]] std::string create(const std::string& body, int retry) const {
    try {
      const Answer answer = api().call("POST", kJobs, body, {{"X-Stainless-Retry-Count", std::to_string(retry)}});
      EXPECT_EQ(answer.status, 200) << answer.body;
      return Json::parse(answer.body, "the job")["id"].text();
    } catch (const Poco::Exception&) {
      return {};
    }
  }
  [[nodiscard]] size_t jobs(const std::string& path) const {
    return Json::parse(api().call("GET", path).body, "jobs")["data"].items().size();
  }
};

TEST_F(FineTuneCrashTest, ARepetitionGivesOneJobOnWhicheverSideOfTheCommitItDied) {
  start_agent();
  const std::string file = upload();
  size_t made = 0;
  for (const char* side : {"before", "after"}) {
    SCOPED_TRACE(side);
    const std::string body = R"({"model":"tiny-lm","training_file":")" + file + R"(","suffix":")" + side +
                             R"(","x_stoker":{"provider":"local"}})";
    stop_agent();
    ASSERT_TRUE(try_start({program("gated-agent")}, {std::string("STOKER_E2E_GATE=kill ") + side + " submit",
                                                     "STOKER_E2E_TRACE=" + (folder / side).string()}));
    EXPECT_EQ(create(body, 0), "") << "it died before it answered";
    ASSERT_TRUE(eventually([&] { return agent_ended(); }));
    EXPECT_EQ(lines_of(content(folder / side)).back(), "submit");
    start_agent();
    const std::string id = create(body, 1);
    EXPECT_FALSE(id.empty());
    EXPECT_EQ(create(body, 2), id);
    ++made;
    EXPECT_EQ(jobs(kJobs), made);
    EXPECT_EQ(jobs("/v1/jobs"), made);
    EXPECT_EQ(api().call("POST", std::string(kJobs) + "/" + id + "/cancel").status, 200);
    EXPECT_EQ(await_end(id.substr(6))["state"].text(), "cancelled");
    expect_gapless(id.substr(6));
  }
  expect_nothing_rented();
}

}  // namespace
}  // namespace stoker::e2e
