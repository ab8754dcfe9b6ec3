#include "plugins/lambda/lambda_cloud.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/scripted_api.h"

namespace stoker::lambda {
namespace {

using test::Instances;
using test::Offers;
using test::Reply;
using test::ScriptedApi;

constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;

std::string type(const std::string& name, const std::string& gpu, int gpus, int cents, const std::string& regions,
                 const std::string& more = "") {
  return "\"" + name + R"(":{"instance_type":{"name":")" + name + R"(","gpu_description":")" + gpu +
         R"(","price_cents_per_hour":)" + std::to_string(cents) + more +
         R"(,"specs":{"vcpus":26,"memory_gib":200,"storage_gib":512,"gpus":)" + std::to_string(gpus) +
         R"(}},"regions_with_capacity_available":)" + regions + "}";
}

std::vector<Offer> offers_of(const std::string& types, const OfferQuery& query = {}) {
  ScriptedApi api([&](auto&&...) { return Reply{200, R"({"data":{)" + types + "}}"}; });
  LambdaCloud cloud{Config(nullptr, 0)};
  Offers offers;
  cloud.list_offers(api.call, query, offers.emit());
  return offers.all;
}

TEST(Lambda, AnOfferForEachRegionThatHasIt) {
  const auto offers = offers_of(
      type("gpu_1x_h100_pcie", "H100 (80 GB PCIe)", 1, 329, R"([{"name":"us-west-3"},{"name":"us-east-1"}])"));
  ASSERT_EQ(offers.size(), 2U);
  EXPECT_EQ(offers[0].id, "gpu_1x_h100_pcie@us-west-3");
  EXPECT_EQ(offers[1].region, "us-east-1");
  EXPECT_EQ(offers[0].gpu_model, "H100");
  EXPECT_EQ(offers[0].gpu_mem_bytes, 80 * kGibi);
  EXPECT_EQ(offers[0].price.per_hour.micros, 3'290'000) << "cents an hour for the whole machine";
  EXPECT_EQ(offers[0].cpu_arch, "x86_64");
}

TEST(Lambda, WhatIsSoldOutIsSaid) {
  const auto offers = offers_of(type("gpu_8x_b200_sxm6", "B200 (180 GB SXM6)", 8, 5352, "[]"));
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].availability, STOKER_AVAIL_NONE);
  EXPECT_EQ(offers[0].gpu_count, 8U);
  EXPECT_EQ(offers[0].gpu_mem_bytes, 180 * kGibi);
}

TEST(Lambda, Gh200IsArmWithAndWithoutItsArchitecture) {
  const std::string region = R"([{"name":"us-east-3"}])";
  EXPECT_EQ(offers_of(type("gpu_1x_gh200", "GH200 (96 GB)", 1, 229, region)).at(0).cpu_arch, "aarch64");
  EXPECT_EQ(offers_of(type("gpu_1x_x", "X1 (9 GB)", 1, 1, region, R"(,"architecture":"arm64")")).at(0).cpu_arch,
            "aarch64");
  OfferQuery x86;
  x86.cpu_arch = "x86_64";
  EXPECT_TRUE(offers_of(type("gpu_1x_gh200", "GH200 (96 GB)", 1, 229, region), x86).empty());
}

TEST(Lambda, AMachineWithoutAGpuHasNoModel) {
  const auto offers = offers_of(type("cpu_4x_general", "N/A", 0, 20, R"([{"name":"us-east-1"}])"));
  EXPECT_EQ(offers.at(0).gpu_model, "");
  EXPECT_EQ(offers.at(0).gpu_mem_bytes, 0U);
}

Instance instance(const std::string& json) {
  ScriptedApi api([&](auto&&...) { return Reply{200, R"({"data":)" + json + "}"}; });
  LambdaCloud cloud{Config(nullptr, 0)};
  return cloud.get(api.call, {"x", "", ""});
}

TEST(Lambda, EveryStatusHasItsState) {
  const auto state = [](const std::string& status) {
    return instance(R"({"id":"x","status":")" + status + "\"}").state;
  };
  EXPECT_EQ(state("booting"), STOKER_INSTANCE_PENDING);
  EXPECT_EQ(state("active"), STOKER_INSTANCE_RUNNING);
  EXPECT_EQ(state("unhealthy"), STOKER_INSTANCE_FAILED);
  EXPECT_EQ(state("preempted"), STOKER_INSTANCE_FAILED);
  EXPECT_EQ(state("terminating"), STOKER_INSTANCE_DELETING);
  EXPECT_EQ(state("terminated"), STOKER_INSTANCE_GONE);
  EXPECT_EQ(state("dreaming"), STOKER_INSTANCE_UNKNOWN);
}

TEST(Lambda, ARenamedMachineIsKnownByItsTags) {
  const Instance it = instance(
      R"({"id":"x","status":"active","name":"mine now","ip":"198.51.100.2","tags":[{"key":"stk-token","value":"stk-01234567-j-1"},
          {"key":"stk-deadline","value":"1790000000"}],"jupyter_token":"canary"})");
  EXPECT_EQ(it.client_token, "stk-01234567-j-1");
  EXPECT_EQ(it.deadline_ms, 1'790'000'000'000);
  EXPECT_EQ(it.ssh_user, "ubuntu");
  EXPECT_EQ(instance(R"({"id":"x","status":"booting","name":"stk-01234567-j-2"})").client_token, "stk-01234567-j-2");
}

TEST(Lambda, FindLeavesOutWhatIsOthers) {
  ScriptedApi api([](auto&&...) {
    return Reply{200, R"({"data":[{"id":"a","name":"stk-01234567-j-1"},{"id":"b","name":"stk-76543210-j-1"},{"id":"c"},
                                  {"id":"d","name":"stk-01234567-j-2"}]})"};
  });
  LambdaCloud cloud{Config(nullptr, 0)};
  Instances all, one;
  cloud.find(api.call, {"0123456789abcdef", ""}, all.emit());
  ASSERT_EQ(all.all.size(), 2U);
  cloud.find(api.call, {"0123456789abcdef", "stk-01234567-j-2"}, one.emit());
  ASSERT_EQ(one.all.size(), 1U);
  EXPECT_EQ(one.all[0].id, "d");
}

// status, or OK, of one call whose answer is this
template <class Act>
std::string outcome(const Reply& reply, Act&& act) {
  ScriptedApi api([&](auto&&...) { return reply; });
  LambdaCloud cloud{Config(nullptr, 0)};
  try {
    act(cloud, api.call);
    return "ok";
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.message();
  }
}

TEST(Lambda, AnAnswerWithoutAListIsNotAnEmptyList) {
  const auto find = [](LambdaCloud& cloud, Call& call) {
    Instances all;
    cloud.find(call, {"0123456789abcdef", ""}, all.emit());
  };
  for (const char* body : {"{}", R"({"data":null})", R"({"data":{}})", "[]", "null"})
    EXPECT_EQ(outcome({200, body}, find),
              std::to_string(STOKER_E_UNAVAILABLE) + " lambda: listing machines gave no list")
        << body;
  EXPECT_EQ(outcome({200, "<html>"}, find), std::to_string(STOKER_E_UNAVAILABLE) +
                                                " lambda: listing machines answered with something that is not JSON");
  EXPECT_EQ(outcome({200, R"({"data":[]})"}, find), "ok");
}

TEST(Lambda, CodesDecideAndTheGatewayIsNotTheKey) {
  const auto get = [](LambdaCloud& cloud, Call& call) { (void)cloud.get(call, {"x", "", ""}); };
  const auto error = [](const std::string& code) { return R"({"error":{"code":")" + code + R"(","message":"m"}})"; };
  const auto status = [&](int http, const std::string& body) { return std::stoi(outcome({http, body}, get)); };
  EXPECT_EQ(status(401, error("global/invalid-api-key")), STOKER_E_AUTH);
  EXPECT_EQ(status(403, error("global/account-inactive")), STOKER_E_FORBIDDEN);
  EXPECT_EQ(status(400, error("global/quota-exceeded")), STOKER_E_QUOTA);
  EXPECT_EQ(status(400, error("instance-operations/launch/insufficient-capacity")), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(status(404, error("global/object-does-not-exist")), STOKER_E_NOT_FOUND);
  EXPECT_EQ(status(429, "slow down"), STOKER_E_RATE_LIMITED);
  EXPECT_EQ(status(503, ""), STOKER_E_UNAVAILABLE);
  EXPECT_EQ(status(302, ""), STOKER_E_UNAVAILABLE);
  EXPECT_EQ(outcome({403, "error code: 1010"}, get),
            std::to_string(STOKER_E_FORBIDDEN) +
                " lambda: looking at a machine: the vendor's gateway refused the request (HTTP 403)");
}

TEST(Lambda, AnUnclearAnswerToALaunchIsUnknown) {
  for (const auto& [http, body] : std::vector<std::pair<int, std::string>>{
           {500, ""}, {502, "<html>"}, {200, "<html>"}, {200, "{}"}, {200, R"({"data":{"instance_ids":[]}})"}}) {
    ScriptedApi api([&, status = http, answer = body](const std::string&, const std::string& path, const std::string&) {
      if (path == "/api/v1/instance-types")
        return Reply{200, R"({"data":{)" + type("t", "A10 (24 GB)", 1, 75, "[]") + "}}"};
      if (path == "/api/v1/ssh-keys") return Reply{200, R"({"data":[]})"};
      return Reply{status, answer};
    });
    LambdaCloud cloud{Config(nullptr, 0)};
    CreateRequest request;
    request.offer_id = "t@r";
    request.client_token = request.name = "stk-01234567-j-1";
    Instances made;
    try {
      cloud.create(api.call, request, made.emit());
      ADD_FAILURE() << http << " " << body;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), STOKER_E_UNKNOWN_OUTCOME) << http << " " << body;
    }
    EXPECT_EQ(api.requests,
              (std::vector<std::string>{"GET /api/v1/instance-types", "GET /api/v1/ssh-keys", "POST /api/v1/ssh-keys",
                                        "POST /api/v1/instance-operations/launch"}));
  }
}

}  // namespace
}  // namespace stoker::lambda
