#include <gmock/gmock.h>

#include "tests/cli/scripted_agent.h"

namespace stoker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kH100 =
    R"({"id":"o1","account":"lambda","provider":"lambda","machine":"gpu_8x_h100","region":"us-west-3","zone":"",)"
    R"("availability":"high","gpu":{"model":"H100","count":8,"memory_gb":80.0},"vcpus":208,"memory_gb":1800.0,)"
    R"("disk_gb":22000.0,"arch":"x86_64","price":{"per_hour":23.92,"currency":"USD","granularity_s":60,"minimum_s":0,)"
    R"("spot":false},"leak_risk":"high","age_s":0})";
constexpr const char* kSmall =
    R"({"id":"o2","account":"work","provider":"vast","machine":"m\u001b[2J","region":"","zone":"","availability":"none",)"
    R"("gpu":{"model":"","count":0,"memory_gb":0.0},"vcpus":2,"memory_gb":4.0,"disk_gb":0.0,"arch":"x86_64",)"
    R"("price":{"per_hour":0.036,"currency":"USD","granularity_s":1,"minimum_s":0,"spot":false,"estimate":true},"leak_risk":"low","age_s":40})";
constexpr const char* kFailure =
    R"({"account":"aws","provider":"aws","code":"auth","detail":"the key was refused","hint":"make a new one","field":"key"})";

std::string list_of(const std::string& offers, const std::string& failures, const std::string& asked = R"("aws")") {
  return R"({"data":[)" + offers + R"(],"asked":[)" + asked + R"(],"failures":[)" + failures + "]}";
}

TEST(Offers, are_a_table_with_the_failures_beside_it) {
  ScriptedAgent agent;
  agent.answer_to("GET /v1/offers", 200, list_of(std::string(kSmall) + "," + kH100, kFailure));
  const Outcome listed = stoker(agent, {"offers"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ(
      listed.out,
      "PROVIDER/ACCOUNT  MACHINE      GPU            VCPU  RAM      DISK      REGION     STOCK     LEAK RISK  PER "
      "HOUR\n"
      "vast/work         m            -              2     4 GB     -         -          sold out  low        "
      "~$0.0360\n"
      "lambda            gpu_8x_h100  8x H100 80 GB  208   1800 GB  22000 GB  us-west-3  high      high       "
      "$23.92\n");
  EXPECT_EQ(listed.err,
            "stoker: ~ an estimate, where the cloud names no price of its own now\n"
            "stoker: up to 40 s old; --fresh asks again\nstoker: aws: the key was refused; make a new one\n");
}

TEST(Offers, asks_for_what_the_options_say) {
  ScriptedAgent agent;
  stoker(agent, {"offers", "--gpu", "H100:8", "--provider", "a&b=c", "--region", "eu west+1%", "--max-price", "2.5",
                 "--spot", "--sold-out", "--fresh", "--limit", "3"});
  stoker(agent, {"--json", "offers", "--limit", "3"});
  EXPECT_THAT(agent.asked(),
              ElementsAre("GET /v1/offers?gpu=H100%3A8&provider=a%26b%3Dc&region=eu%20west%2B1%25&max_price=2.5&"
                          "spot=true&sold_out=true&fresh=true",
                          "GET /v1/offers?limit=3"));
}

TEST(Offers, says_how_many_more_there_are) {
  ScriptedAgent agent;
  std::string all = kH100;
  for (int i = 1; i < 30; ++i) all += std::string(",") + kH100;
  agent.answer_to("GET /v1/offers", 200, list_of(all, ""));
  EXPECT_EQ(stoker(agent, {"offers"}).err, "stoker: and 5 more, see --limit\n");
  const Outcome two = stoker(agent, {"offers", "--limit", "2"});
  EXPECT_EQ(std::count(two.out.begin(), two.out.end(), '\n'), 3);
  EXPECT_EQ(two.err, "stoker: and 28 more, see --limit\n");
}

TEST(Offers, fails_when_no_account_answered) {
  ScriptedAgent agent;
  agent.answer_to("GET /v1/offers", 200, list_of("", kFailure, R"("aws","work")"));
  agent.answer_to("GET /v1/offers?provider=aws", 200, list_of("", kFailure));
  const Outcome one_answered = stoker(agent, {"offers"});
  EXPECT_EQ(one_answered.code, 0);
  EXPECT_EQ(one_answered.out, "");
  EXPECT_EQ(one_answered.err,
            "stoker: aws: the key was refused; make a new one\n"
            "stoker: nothing that fits can be rented now; `stoker accounts` lists the clouds that were asked\n");
  const Outcome none = stoker(agent, {"offers", "--provider", "aws"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.err, "stoker: aws: the key was refused; make a new one\n");
}

TEST(Offers, prints_what_the_api_said) {
  ScriptedAgent agent;
  agent.answer_to("GET /v1/offers", 200, list_of("", ""));
  const Outcome listed = stoker(agent, {"offers", "--json"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ(listed.out, "{\"data\":[],\"asked\":[\"aws\"],\"failures\":[]}\n");
  EXPECT_EQ(listed.err, "");
}

TEST(Offers, refuses_bad_options) {
  ScriptedAgent agent;
  agent.answer_to("GET /v1/offers?max_price=lots", 400,
                  R"({"detail":"max_price is not an amount of money","code":"invalid","hint":"for example 2.50"})");
  const Outcome price = stoker(agent, {"offers", "--max-price", "lots"});
  EXPECT_EQ(price.code, 2);
  EXPECT_EQ(price.err, "stoker: max_price is not an amount of money\nhint: for example 2.50\n");
  const Outcome limit = stoker(agent, {"offers", "--limit", "0"});
  EXPECT_EQ(limit.code, 2);
  EXPECT_EQ(limit.err, "stoker: --limit 0 is not a whole number from 1 on\n");
}

TEST(Instances, names_the_account_where_it_has_a_name_of_its_own) {
  ScriptedAgent agent;
  agent.answer_to(
      "GET /v1/instances?limit=100", 200,
      R"({"data":[{"id":"i1","provider":"lambda","account":"lambda","state":"alive","machine":"m"},)"
      R"({"id":"i2","provider":"lambda","account":"work","state":"alive","machine":"m"}],"has_more":false})");
  const Outcome listed = stoker(agent, {"instances"});
  EXPECT_THAT(listed.out, HasSubstr("\ni1        lambda       alive  m "));
  EXPECT_THAT(listed.out, HasSubstr("\ni2        lambda/work  alive  m "));
}

}  // namespace
}  // namespace stoker::cli
