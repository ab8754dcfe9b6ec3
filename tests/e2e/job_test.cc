// A job that goes well, seen from outside.
#include <fstream>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

using testing::ElementsAre;

class JobTest : public AgentTest {};

TEST_F(JobTest, GoesThroughEveryStateAndBringsItsFilesHome) {
  start_agent();
  const std::string id =
      submit(job_spec("echo begin; mkdir -p out/deep; printf 'weights\\0\\n' > out/deep/model.bin; echo kept > "
                      "\"$STOKER_ARTIFACTS/note\"; "
                      "echo unwanted > scratch; echo \"$GREETING\" >&2; printf 'no newline at the end'",
                      R"("outputs":["out/"],"setup":"echo preparing","env":{"GREETING":"hello"})"));
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  EXPECT_EQ(ended["outcome"].text(), "succeeded");
  EXPECT_EQ(ended["exit_code"].integer(), 0);
  EXPECT_EQ(ended["reason"].text(), "");
  EXPECT_EQ(ended["cost"]["so_far"].number(), 0.0);

  const std::string log = "preparing\nbegin\nhello\nno newline at the end";
  EXPECT_EQ(log_of(id), log);
  EXPECT_EQ(api().call("GET", "/v1/jobs/" + id + "/log").body, log);
  EXPECT_EQ(artifact(id, "out/deep/model.bin"), std::string("weights\0\n", 9));
  EXPECT_EQ(artifact(id, "artifacts/note"), "kept\n");
  std::vector<std::string> paths;
  for (const Json& one : Json::parse(api().call("GET", "/v1/jobs/" + id + "/artifacts").body, "list")["data"].items())
    paths.push_back(one["path"].text());
  EXPECT_THAT(paths, ElementsAre("artifacts/note", "out/deep/model.bin"));

  std::vector<std::string> states;
  for (const Event& event : events(id))
    if (event.kind == "state") states.push_back(Json::parse(event.data, "event")["state"].text());
  EXPECT_THAT(states, ElementsAre("queued", "provisioning", "connecting", "staging", "setup", "running", "collecting",
                                  "releasing", "succeeded"));
  expect_gapless(id);
  const Json end = Json::parse(events(id).back().data, "the end");
  EXPECT_EQ(end["state"].text(), "succeeded");
  EXPECT_EQ(end["outcome"].text(), "succeeded");
  EXPECT_EQ(end["exit_code"].integer(), 0);

  expect_nothing_rented();
  EXPECT_FALSE(std::filesystem::exists(state() / "local" / ended["instance_id"].text()));
}

TEST_F(JobTest, ReadsInputsFromAFolderAndFromAnUpload) {
  start_agent();
  std::filesystem::create_directories(folder / "data" / "deep");
  std::ofstream(folder / "data" / "deep" / "numbers") << "1 2 3\n";
  std::ofstream(folder / "tool.sh") << "#!/bin/sh\necho tool ran\n";
  std::filesystem::permissions(folder / "tool.sh", std::filesystem::perms::owner_all);
  const Answer uploaded =
      api().call("POST", "/v1/files", std::string(200'000, 'x'), {{"Content-Type", "application/octet-stream"}});
  ASSERT_EQ(uploaded.status / 100, 2) << uploaded.body;
  const std::string file = Json::parse(uploaded.body, "file")["id"].text();
  const std::string id = submit(job_spec("cat data/deep/numbers; wc -c < big; ./tool.sh",
                                         R"("inputs":[{"from":)" + json_text(folder / "data") +
                                             R"(,"to":"data"},{"from":)" + json_text("file:" + file) +
                                             R"(,"to":"big"},{"from":)" + json_text(folder / "tool.sh") + "}]"));
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_EQ(log_of(id), "1 2 3\n200000\ntool ran\n");
}

TEST_F(JobTest, RunsManyAtOnce) {
  start_agent();
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(submit(job_spec(witness(100 + i))));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(await_end(ids[i])["state"].text(), "succeeded");
    EXPECT_EQ(log_of(ids[i]), witness_log(100 + i));
    expect_gapless(ids[i]);
  }
}

}  // namespace
}  // namespace stoker::e2e
