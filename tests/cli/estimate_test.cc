#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/scripted_agent.h"

namespace stoker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kOffer =
    R"("offer":{"account":"lambda","provider":"lambda","machine":"gpu_1x_h100_pcie","region":"us-west-3",)"
    R"("gpu":{"model":"H100","count":1,"memory_gb":80},"vcpus":26,"memory_gb":200,"price":{"spot":false}},)";
constexpr const char* kBilling = R"("billing":{"granularity_s":60,"minimum_s":0},)";

class EstimateTest : public ::testing::Test {
 protected:
  EstimateTest() {
    char name[] = "/tmp/stoker-estimate-XXXXXX";
    folder_ = ::mkdtemp(name);
    std::ofstream(folder_ / "job.yaml") << "name: tiny\nrun: echo\nsecrets:\n  HF_TOKEN: env:STOKER_TEST_NOT_SET\n";
  }
  ~EstimateTest() override { fs::remove_all(folder_); }

  Outcome estimate(std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"estimate", (folder_ / "job.yaml").string()});
    return stoker(agent_, words);
  }

  ScriptedAgent agent_;
  fs::path folder_;
};

TEST_F(EstimateTest, says_what_it_costs_and_what_that_rests_on) {
  agent_.answer_to(
      "POST /v1/estimates", 200,
      std::string("{") + kOffer +
          R"("offers":12,"per_hour":{"low":2.49,"likely":3.29,"high":4.29},"hours":{"low":0.8,"likely":0.9,"high":1.1},)"
          R"("total":{"low":2.63,"likely":2.96,"high":4.72},"currency":"USD","cap":20,)" +
          kBilling +
          R"("rests_on":["price: 12 offers that fit, asked now of lambda","hours: 3 earlier runs"],)"
          R"("failures":[{"account":"aws","detail":"no answer","hint":""}]})");
  const Outcome said = estimate();
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out,
            "would take   gpu_1x_h100_pcie of lambda in us-west-3 (1x H100, 26 vCPU, 200 GB)\n"
            "price        $3.29/h  (2.49 to 4.29 over 12 offers that fit)\n"
            "hours        0.9 likely, 0.8 to 1.1\n"
            "total        $2.96 likely, $2.63 to $4.72\n"
            "cap          $20.00, then the job is ended\n"
            "billed in    steps of 1 min\n"
            "rests on     price: 12 offers that fit, asked now of lambda\n"
            "             hours: 3 earlier runs\n");
  EXPECT_EQ(said.err, "stoker: aws: no answer\n");
}

TEST_F(EstimateTest, says_what_is_not_known) {
  agent_.answer_to(
      "POST /v1/estimates", 200,
      std::string("{") + kOffer +
          R"("per_hour":{"low":3.29,"likely":3.29,"high":3.29},"hours":{"low":0.1,"likely":null,"high":120},)"
          R"("total":{"low":0.33,"likely":null,"high":394.8},"currency":"EUR","cap":394.8,)"
          R"("billing":{"granularity_s":1,"minimum_s":3600},"rests_on":[],"failures":[]})");
  EXPECT_EQ(estimate().out,
            "would take   gpu_1x_h100_pcie of lambda in us-west-3 (1x H100, 26 vCPU, 200 GB)\n"
            "price        3.29 EUR/h\n"
            "hours        not known, at most 120\n"
            "total        not known, at most 394.80 EUR\n"
            "cap          394.80 EUR, then the job is ended\n"
            "billed in    steps of 1 s, 1 h at least\n");
}

TEST_F(EstimateTest, says_what_is_trained_and_what_is_too_small_for_it) {
  const std::string small = R"({"offer":{"account":"lambda","provider":"lambda","machine":"gpu_1x_a10"},)"
                            R"("why":"each GPU has 25.7 GB; the training needs 35.5 GB"})";
  agent_.answer_to(
      "POST /v1/estimates", 200,
      std::string("{") + kOffer +
          R"("offers":1,"per_hour":{"low":3.29,"likely":3.29,"high":3.29},"hours":{"low":1,"likely":1,"high":1},)"
          R"("total":{"low":3.29,"likely":3.29,"high":3.29},"currency":"USD","cap":0,)" +
          kBilling +
          R"("rests_on":[],"failures":[],"training":{"template":"sft","examples":200,"tokens":4400,"steps":75,)"
          R"("trained_tokens":13200,"gpu_memory_gb":35.51},"too_small":[)" +
          small + "," + small + "," + small + "," + small + "]}");
  const std::string out = estimate().out;
  EXPECT_THAT(out, HasSubstr("training     200 examples, about 4400 tokens, 75 steps, 35.5 GB of GPU memory\n"));
  EXPECT_THAT(out, HasSubstr("too small    gpu_1x_a10 of lambda: each GPU has 25.7 GB; the training needs 35.5 GB\n"
                             "             gpu_1x_a10 of lambda: "));
  EXPECT_THAT(out, HasSubstr("\n             and 1 more\n"));
}

TEST_F(EstimateTest, sends_the_job_without_its_secrets) {
  ::setenv("STOKER_TEST_NOT_SET", "really-secret", 1);
  agent_.answer_to("POST /v1/estimates?hours=1.5", 200, "{}");
  const Outcome said =
      estimate({"--json", "--hours", "1.5", "--provider", "lambda", "--set", "limits.max_cost=5", "--env", "A=1"});
  ::unsetenv("STOKER_TEST_NOT_SET");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "{}\n");
  EXPECT_THAT(agent_.asked(), ElementsAre("POST /v1/estimates?hours=1.5"));
  EXPECT_EQ(agent_.body_of("POST /v1/estimates?hours=1.5"),
            R"({"name":"tiny","run":"echo","secrets":{"HF_TOKEN":"not-sent"},"limits":{"max_cost":5},"env":{"A":"1"},)"
            R"("provider":"lambda"})");
}

TEST_F(EstimateTest, places_what_is_wrong_with_the_job) {
  agent_.answer_to("POST /v1/estimates", 400, R"({"detail":"run is too long","code":"invalid","field":"run"})");
  agent_.answer_to("POST /v1/estimates", 422, R"({"detail":"the key was refused","code":"auth","field":"api_key"})");
  agent_.answer_to(
      "POST /v1/estimates?hours=x", 400,
      R"({"detail":"hours is not a number of hours","code":"invalid","hint":"for example 2.5","field":"hours"})");
  const Outcome job = estimate();
  EXPECT_EQ(job.code, 2);
  EXPECT_EQ(job.err, "stoker: " + (folder_ / "job.yaml").string() + ":2: run is too long\n");
  const Outcome account = estimate();
  EXPECT_EQ(account.code, 1);
  EXPECT_EQ(account.err, "stoker: the key was refused\n");
  const Outcome hours = estimate({"--hours", "x"});
  EXPECT_EQ(hours.code, 2);
  EXPECT_EQ(hours.err, "stoker: --hours: hours is not a number of hours\nhint: for example 2.5\n");
}

}  // namespace
}  // namespace stoker::cli
