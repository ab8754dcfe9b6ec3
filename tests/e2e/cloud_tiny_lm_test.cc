// The first job that somebody tries, on a rented machine and through the command line.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

class CloudTinyLm : public CloudTest, public testing::WithParamInterface<const char*> {};

TEST_P(CloudTinyLm, IsSetUpOfferedTrainedAndBroughtHome) {
  const std::string name = GetParam();
  start_cloud(10);
  enable({name});
  start_fast_agent();

  const Result added = cli({"accounts", "add", name, "--secret", secret_field(name) + "=env:CLOUD_KEY"},
                           {"CLOUD_KEY=" + credential(name)});
  ASSERT_EQ(added.code, 0) << added.out << added.err;
  const Result offers = cli({"offers", "--provider", name});
  EXPECT_EQ(offers.code, 0) << offers.err;
  EXPECT_THAT(offers.out, testing::HasSubstr("H100"));
  const std::string file = STOKER_SOURCE_DIR "/examples/jobs/tiny-lm.yaml";
  const Result estimate = cli({"estimate", file, "--provider", name, "--hours", "0.5"});
  EXPECT_EQ(estimate.code, 0) << estimate.err;

  const Result ran = run({program(), "run", file, "--provider", name}, environment(), 300'000);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, testing::HasSubstr("succeeded"));
  const Json job = Json::parse(api().call("GET", "/v1/jobs").body, "jobs")["data"].items().at(0);
  EXPECT_EQ(job["state"].text(), "succeeded");
  const Json artifacts =
      Json::parse(api().call("GET", "/v1/jobs/" + job["id"].text() + "/artifacts").body, "artifacts")["data"];
  EXPECT_GT(artifacts.items().size(), 0U);
  for (const Json& one : artifacts.items()) EXPECT_TRUE(one["complete"].boolean()) << one.dump();

  expect_nothing_left(name);
  EXPECT_EQ(judgement(name)["creates"].integer(), 1);
  EXPECT_EQ(judgement(name)["deletes"].integer(), 1);
  EXPECT_EQ(history("\"meter-stopped\"").size(), 1U);
  EXPECT_TRUE(eventually([&] { return cli({"accounts", "remove", name, "--yes"}).code == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Clouds, CloudTinyLm, testing::ValuesIn({"lambda", "digitalocean", "vast"}),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace stoker::e2e
