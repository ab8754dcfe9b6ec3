// Whole jobs on rented machines: the real plugins against fakecloud, whose machines are real sshds.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

class CloudJob : public OneCloudTest {};

TEST_P(CloudJob, RunsAndLeavesNothing) {
  const std::string id = submit(
      cloud_job(name(), "id -un; mkdir -p out; hostname > out/name; sudo -n true 2>/dev/null && echo may be root; true",
                R"("outputs":["out/"],"setup":"echo set up")"));
  const Json ended = await_end(id);
  ASSERT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  const std::string machine = ended["instance_id"].text();
  EXPECT_THAT(artifact(id, "out/name"), testing::StartsWith(machine));
  EXPECT_EQ(log_of(id), name() == "digitalocean" ? "set up\nroot\nmay be root\n"
                        : name() == "vast"       ? "set up\nroot\n"  // a container has no sudo
                                                 : "set up\nubuntu\nmay be root\n");
  ASSERT_EQ(ended["attempts"].items().size(), 1U);
  EXPECT_EQ(ended["attempts"].items()[0]["account"].text(), name());
  EXPECT_GT(ended["cost"]["so_far"].number().value_or(0), 0);
  expect_nothing_left(name());
  const Json judged = judgement(name());
  EXPECT_EQ(judged["creates"].integer(), 1);
  EXPECT_EQ(judged["deletes"].integer(), 1);
  EXPECT_EQ(history("\"meter-stopped\"").size(), 1U);
  EXPECT_EQ(history("\"key-created\"").size(), history("\"key-deleted\"").size());
  EXPECT_EQ(history("\"cloud-init-ignored\"").size(), 0U);
}

// What is billed here and what the cloud billed differ by the seconds of the answers only.
TEST_P(CloudJob, TheBillIsTheClouds) {
  const std::string id = submit(cloud_job(name(), "sleep 3"));
  const Json ended = await_end(id);
  ASSERT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  const double billed = judgement(name())["micros_billed"].number().value_or(0) / 1e6;
  const double price = ended["attempts"].items()[0]["per_hour"].number().value_or(0);
  EXPECT_GT(billed, 0);
  EXPECT_NEAR(ended["cost"]["so_far"].number().value_or(0), billed, price * 4 / 60) << "4 minutes at most";
  EXPECT_GE(ended["cost"]["so_far"].number().value_or(0), billed - price / 60) << "never less than the cloud bills";
}

// The boot grace that cloud-init has scheduled must not end a training.
TEST_P(CloudJob, IsNotPoweredOffOnceAnAgentHasTakenItUp) {
  if (name() == "vast") GTEST_SKIP() << "a container has no timer that the cloud could tell of; see vast_test.cc";
  const std::string id = submit(cloud_job(name(), "sleep 100"));  // 2,000 virtual seconds: longer than the grace
  await_state(id, "running");
  EXPECT_EQ(history("\"shutdown-scheduled\"").size(), 1U);
  EXPECT_TRUE(eventually([&] { return history("\"shutdown-cancelled\"").size() == 1; }));
  order("/advance", R"({"ms":2400000})");
  EXPECT_EQ(history("\"what\": \"off\"").size(), 0U);
  EXPECT_EQ(job_state(id), "running");
  (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
  EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  expect_nothing_left(name());
}

TEST_P(CloudJob, ACancelAtAnyTimeLeavesNothing) {
  for (const char* state : {"provisioning", "connecting", "running"}) {
    SCOPED_TRACE(state);
    const std::string id = submit(cloud_job(name(), "sleep 60"));
    // A stage may be over before it is seen; what counts is that the cancel comes early.
    eventually([&] { return job_state(id) == state || job_state(id) == "running"; });
    (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
    EXPECT_EQ(await_end(id)["state"].text(), "cancelled");
  }
  expect_nothing_left(name());
}

TEST_P(CloudJob, AMachineThatIsTakenAwayEndsTheJobWithTheReason) {
  const std::string id = submit(cloud_job(name(), "sleep 60"));
  await_state(id, "running");
  const std::string machine =
      Json::parse(api().call("GET", "/v1/instances").body, "instances")["data"].items().at(0)["cloud_id"].text();
  order("/machines/" + machine + "/preempt", "{}");
  const Json ended = await_end(id);
  EXPECT_EQ(ended["state"].text(), "failed");
  EXPECT_THAT(ended["reason"].text(), testing::HasSubstr(job(id)["instance_id"].text())) << ended["reason"].text();
  expect_nothing_left(name());
}

TEST_P(CloudJob, TheCanariesOfTheCloudAppearNowhere) {
  const std::string id = submit(cloud_job(name(), "echo hello"));
  ASSERT_EQ(await_end(id)["state"].text(), "succeeded");
  std::string secret = credential(name());
  secret.erase(0, secret.find(':') + 1);  // the half that is one
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = content(entry.path());
    EXPECT_EQ(bytes.find(secret), std::string::npos) << entry.path() << " holds the credential";
    EXPECT_EQ(bytes.find("jupyter"), std::string::npos) << entry.path() << " holds a token of the machine";
  }
  for (const char* path : {"/v1/accounts", "/v1/jobs", "/v1/instances"})
    EXPECT_EQ(api().call("GET", path).body.find(secret), std::string::npos) << path;
}

INSTANTIATE_TEST_SUITE_P(Clouds, CloudJob, testing::ValuesIn({"lambda", "digitalocean", "aws", "gcp", "vast"}),
                         [](const auto& one) { return std::string(one.param); });

class CloudFailover : public CloudTest {};

TEST_F(CloudFailover, GoesFromOneCloudToTheOtherAndTellsWhy) {
  start_cloud(20);
  enable({"lambda", "digitalocean"});
  start_fast_agent();
  connect("lambda");
  connect("digitalocean");
  fault(R"({"cloud":"lambda","operation":"launch","every":true,"fault":"refuse","status":400,
            "code":"instance-operations/launch/insufficient-capacity","message":"none left"})");
  const std::string id = submit(
      R"({"name":"x","provider":["lambda","digitalocean"],"run":"true","resources":{"gpu":"H100:1"},"limits":{"max_hours":1}})");
  const Json ended = await_end(id);
  ASSERT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  const auto attempts = ended["attempts"].items();
  ASSERT_GE(attempts.size(), 2U);
  EXPECT_EQ(attempts.front()["account"].text(), "lambda");
  EXPECT_EQ(attempts.front()["state"].text(), "refused");
  EXPECT_THAT(attempts.front()["reason"].text(), testing::HasSubstr("none left"));
  EXPECT_EQ(attempts.back()["account"].text(), "digitalocean");
  for (const char* cloud_name : kClouds) expect_nothing_left(cloud_name);
  EXPECT_EQ(judgement("lambda")["creates"].integer(), 0);
}

TEST_F(CloudFailover, AnyGoesThroughTheCloudsByPriceAndShowsEachAttempt) {
  start_cloud(20);
  enable({"lambda", "digitalocean", "vast"});
  start_fast_agent();
  for (const char* name : {"lambda", "digitalocean", "vast"}) connect(name);
  fault(R"({"cloud":"vast","operation":"asks.rent","every":1,"fault":"refuse","status":200,
            "code":"insufficient_credit","message":"your credit is used up"})");
  fault(R"({"cloud":"lambda","operation":"launch","every":1,"fault":"refuse","status":400,
            "code":"instance-operations/launch/insufficient-capacity","message":"none left"})");
  const std::string id = submit(
      R"({"name":"x","provider":"any","run":"true","resources":{"gpu":"H100:1","max_price_per_hour":3.5},
          "limits":{"max_hours":1}})");
  const Json ended = await_end(id);
  ASSERT_EQ(ended["state"].text(), "succeeded") << ended.dump();
  Words clouds;
  for (const Json& one : ended["attempts"].items())
    if (clouds.empty() || clouds.back() != one["provider"].text()) clouds.push_back(one["provider"].text());
  EXPECT_EQ(clouds, (Words{"vast", "lambda", "digitalocean"})) << ended["attempts"].dump();
  const Result shown = cli({"show", id});
  EXPECT_THAT(shown.out, testing::HasSubstr("attempt 1: 1x_H100_SXM of vast in "));
  EXPECT_THAT(shown.out, testing::HasSubstr(": refused: vast: renting (instance_write): your credit is used up\n"));
  EXPECT_THAT(shown.out, testing::HasSubstr("attempt 2: gpu_1x_h100_pcie of lambda in "));
  EXPECT_THAT(shown.out, testing::HasSubstr(": refused: lambda: launching: none left\n"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("attempt [0-9]+: gpu-h100x1-80gb of digitalocean in [a-z0-9]+: gone"));
  for (const char* name : {"lambda", "digitalocean", "vast"}) expect_nothing_left(name);
  EXPECT_EQ(judgement("vast")["creates"].integer(), 0) << "an account that is refused is not asked again";
  EXPECT_EQ(history("\"asks.rent\"").size(), 1U);
}

TEST_F(CloudFailover, OffersTellTheLeakRiskOfTheirCloudAndTheirAge) {
  start_cloud(20, "none");
  enable({"lambda", "vast"});
  start_fast_agent();
  connect("lambda");
  connect("vast");
  const auto risk_of = [](const Json& offers, const std::string& provider) {
    for (const Json& one : offers["data"].items())
      if (one["provider"].text() == provider) return one["leak_risk"].text();
    return std::string("no offer");
  };
  const auto list = [&](const std::string& more) {
    return Json::parse(api().call("GET", "/v1/offers?gpu=H100" + more).body, "offers");
  };
  const auto oldest_s = [](const Json& offers) {
    int64_t age = 0;
    for (const Json& one : offers["data"].items()) age = std::max(age, one["age_s"].integer().value_or(-1));
    return age;
  };
  const Json first = list("");
  EXPECT_EQ(risk_of(first, "lambda"), "high");
  EXPECT_EQ(risk_of(first, "vast"), "low");
  EXPECT_EQ(oldest_s(first), 0);
  const size_t searches = history("\"bundles\"").size();
  EXPECT_TRUE(eventually([&] { return oldest_s(list("")) >= 5; }));
  EXPECT_THAT(cli({"offers", "--gpu", "H100"}).err, testing::HasSubstr(" s old; --fresh asks again"));
  EXPECT_EQ(history("\"bundles\"").size(), searches) << "the cloud was not asked again";
  EXPECT_EQ(oldest_s(list("&fresh=true")), 0);
  EXPECT_EQ(history("\"bundles\"").size(), searches + 1);
}

}  // namespace
}  // namespace stoker::e2e
