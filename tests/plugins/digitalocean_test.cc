#include "plugins/digitalocean/digitalocean_cloud.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/digitalocean/droplet.h"
#include "tests/plugins/scripted_api.h"

namespace stoker::digitalocean {
namespace {

using test::Instances;
using test::Offers;
using test::Reply;
using test::ResourceList;
using test::ScriptedApi;

constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;
constexpr char kOwner[] = "0123456789abcdef";

Json json(const std::string& text) { return Json::parse(text, "test", STOKER_E_INTERNAL); }

std::string size(const std::string& slug, const std::string& model, int count, int vram, const std::string& more = "") {
  return R"({"slug":")" + slug +
         R"(","memory":245760,"vcpus":20,"disk":720,"price_hourly":3.39,"regions":["tor1","nyc2"],
    "available":true)" +
         more + R"(,"gpu_info":{"count":)" + std::to_string(count) + R"(,"vram":{"amount":)" + std::to_string(vram) +
         R"(,"unit":"gib"},"model":")" + model + "\"}}";
}

TEST(Droplet, VramIsOfOneGpuWhicheverWayItIsSent) {
  EXPECT_EQ(offer_of(json(size("gpu-h100x1-80gb", "nvidia_h100", 1, 80)))->gpu_mem_bytes, 80 * kGibi);
  EXPECT_EQ(offer_of(json(size("gpu-h100x8-640gb", "nvidia_h100", 8, 640)))->gpu_mem_bytes, 80 * kGibi) << "the sum";
  EXPECT_EQ(offer_of(json(size("gpu-h100x8-640gb", "nvidia_h100", 8, 80)))->gpu_mem_bytes, 80 * kGibi) << "one of them";
}

TEST(Droplet, TheImageFitsTheGpus) {
  EXPECT_EQ(offer_of(json(size("gpu-h200x1-141gb", "nvidia_h200", 1, 141)))->opaque, "gpu-h100x1-base");
  EXPECT_EQ(offer_of(json(size("gpu-h100x8-640gb", "nvidia_h100", 8, 640)))->opaque, "gpu-h100x8-base");
  EXPECT_EQ(offer_of(json(size("gpu-mi300x1-192gb", "amd_mi300x", 1, 192)))->opaque, "gpu-amd-base");
  EXPECT_FALSE(offer_of(json(R"({"slug":"s-1vcpu-1gb","regions":["nyc1"]})"))) << "no GPU";
}

TEST(Droplet, EachTextOf422HasItsClass) {
  const auto meaning = [](const std::string& message) {
    const auto failure = explain({422, json(R"({"id":"unprocessable_entity","message":")" + message + "\"}")}, "x");
    return failure ? failure->status() : STOKER_OK;
  };
  EXPECT_EQ(meaning("Size is not available in this region."), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(meaning("creating this/these droplet(s) will exceed your droplet limit"), STOKER_E_QUOTA);
  EXPECT_EQ(meaning("Droplet creation is currently restricted for your account"), STOKER_E_QUOTA);
  EXPECT_EQ(meaning("12 are invalid key identifiers for Droplet creation."), STOKER_E_UNAVAILABLE);
  EXPECT_EQ(meaning("Droplet already has a pending event."), STOKER_E_UNAVAILABLE);
  EXPECT_EQ(meaning("You specified an invalid size for Droplet creation."), STOKER_E_INVALID);
  EXPECT_EQ(meaning("The image is not available in the selected region."), STOKER_E_INVALID);
  EXPECT_EQ(meaning("something new"), STOKER_E_INVALID);
}

TEST(Droplet, IsKnownByItsRunTagAndElseByItsName) {
  const Instance it = instance_of(json(
      R"({"id":3164444,"name":"renamed","status":"active","tags":["x","stk-run:stk-01234567-j-1:1790000000"],
          "created_at":"2026-11-01T10:00:00Z","networks":{"v4":[{"ip_address":"10.0.0.2","type":"private"},
          {"ip_address":"198.51.100.2","type":"public"}]},"region":{"slug":"tor1"},"size":{"price_hourly":3.39}})"));
  EXPECT_EQ(it.id, "3164444");
  EXPECT_EQ(it.client_token, "stk-01234567-j-1");
  EXPECT_EQ(it.deadline_ms, 1'790'000'000'000);
  EXPECT_EQ(it.created_ms, 1'793'527'200'000);
  EXPECT_EQ(it.ssh_host, "198.51.100.2");
  EXPECT_EQ(it.price.per_hour.micros, 3'390'000);
  EXPECT_EQ(instance_of(json(R"({"id":1,"name":"stk-01234567-j-1"})")).client_token, "stk-01234567-j-1")
      << "tags are hidden from a token that may not see them";
  EXPECT_EQ(run_tag("stk-01234567-j-1", 1'790'000'000'123), "stk-run:stk-01234567-j-1:1790000000");
  EXPECT_EQ(token_of_tag("stk-run:stk-01234567-j-1:1790000000"), "stk-01234567-j-1");
  EXPECT_EQ(token_of_tag("stk-install:0123456789abcdef"), "");
}

// What a list answers, page by page.
std::string list_outcome(const std::vector<std::string>& pages, std::vector<std::string>* requests = nullptr) {
  ScriptedApi api([&](const std::string&, const std::string& path, const std::string&) {
    const size_t page = std::stoul(path.substr(path.rfind("page=") + 5));
    return Reply{200, pages.at(std::min(page, pages.size()) - 1)};
  });
  DigitalOceanCloud cloud{Config(nullptr, 0)};
  Offers offers;
  std::string result;
  try {
    cloud.list_offers(api.call, {}, offers.emit());
    result = std::to_string(offers.all.size()) + " offers";
  } catch (const Failure& failure) {
    result = std::to_string(failure.status()) + " " + failure.message();
  }
  if (requests != nullptr) *requests = api.requests;
  return result;
}

std::string page(const std::string& items, bool more, int total) {
  return R"({"sizes":[)" + items + R"(],"links":)" +
         (more ? R"({"pages":{"next":"https://elsewhere.example/?page=9"}})" : "{}") + R"(,"meta":{"total":)" +
         std::to_string(total) + "}}";
}

TEST(DigitalOcean, ListsAreReadToTheirEndAndLinksAreNotFollowed) {
  const std::string a = size("gpu-a", "nvidia_h100", 1, 80), b = size("gpu-b", "nvidia_h100", 1, 80);
  std::vector<std::string> requests;
  EXPECT_EQ(list_outcome({page(a, true, 2), page(b, false, 2)}, &requests), "4 offers") << "two regions each";
  EXPECT_EQ(requests,
            (std::vector<std::string>{"GET /v2/sizes?per_page=200&page=1", "GET /v2/sizes?per_page=200&page=2"}));
}

TEST(DigitalOcean, AListThatIsNotWholeIsNoList) {
  const std::string a = size("gpu-a", "nvidia_h100", 1, 80);
  const std::string begin =
      std::to_string(STOKER_E_UNAVAILABLE) + " digitalocean: listing sizes (sizes:read, regions:read) ";
  EXPECT_EQ(list_outcome({page(a, false, 2)}), begin + "gave a list that is not whole");
  EXPECT_EQ(list_outcome({page(a, true, 2), page(a, false, 2)}), begin + "gave a list that has an item twice");
  EXPECT_EQ(list_outcome({page("", true, 0)}), begin + "gave a list that has no end");
  EXPECT_EQ(list_outcome({"{}"}), begin + "gave a list that is none");
  EXPECT_EQ(list_outcome({R"({"sizes":null})"}), begin + "gave a list that is none");
  EXPECT_EQ(list_outcome({"<html>"}), begin + "answered with something that is not JSON");
}

TEST(DigitalOcean, FindAsksForGpusByTypeAndForTheRestByTag) {
  ScriptedApi api([](const std::string&, const std::string& path, const std::string&) {
    const std::string both = R"({"id":1,"name":"stk-01234567-j-1"})";
    if (path.find("tag_name") != std::string::npos)
      return Reply{200, R"({"droplets":[)" + both + R"(,{"id":3,"name":"stk-01234567-j-3"}]})"};
    return Reply{200, R"({"droplets":[)" + both + R"(,{"id":2,"name":"theirs"}]})"};
  });
  DigitalOceanCloud cloud{Config(nullptr, 0)};
  Instances found;
  cloud.find(api.call, {kOwner, ""}, found.emit());
  ASSERT_EQ(found.all.size(), 2U);
  EXPECT_EQ(found.all[0].id, "1");
  EXPECT_EQ(found.all[1].id, "3");
  EXPECT_THAT(api.requests[0], testing::StartsWith("GET /v2/droplets?type=gpus&"));
  EXPECT_THAT(api.requests[1], testing::StartsWith("GET /v2/droplets?tag_name=stk-install:0123456789abcdef&"));
}

TEST(DigitalOcean, ATagThatWasNeverUsedIsNoFailure) {
  ScriptedApi api([](const std::string&, const std::string& path, const std::string&) {
    if (path.find("tag_name") != std::string::npos) return Reply{404, R"({"id":"not_found","message":"no such tag"})"};
    return Reply{200, R"({"droplets":[]})"};
  });
  DigitalOceanCloud cloud{Config(nullptr, 0)};
  Instances found;
  cloud.find(api.call, {kOwner, ""}, found.emit());
  EXPECT_TRUE(found.all.empty());
}

TEST(DigitalOcean, KeysAndTagsOfARunAreItsResources) {
  std::vector<std::string> removed;
  ScriptedApi api([&](const std::string& method, const std::string& path, const std::string&) {
    if (method == "DELETE") removed.push_back(path);
    if (path.starts_with("/v2/account/keys?"))
      return Reply{200, R"({"ssh_keys":[{"id":7,"name":"stk-01234567-j-1"},{"id":8,"name":"laptop"}]})"};
    if (path.starts_with("/v2/tags?"))
      return Reply{200,
                   R"({"tags":[{"name":"stk-run:stk-01234567-j-1:1790000000"},{"name":"stk-install:0123456789abcdef"},
                                    {"name":"stk-run:stk-01234567-j-2:1790000000"}]})"};
    return Reply{204, ""};
  });
  DigitalOceanCloud cloud{Config(nullptr, 0)};
  ResourceList left;
  cloud.list_resources(api.call, {kOwner, "stk-01234567-j-1"}, left.emit());
  ASSERT_EQ(left.all.size(), 2U);
  for (const Resource& one : left.all) cloud.remove_resource(api.call, one);
  EXPECT_EQ(removed, (std::vector<std::string>{"/v2/account/keys/7", "/v2/tags/stk-run:stk-01234567-j-1:1790000000"}));
}

// The key is made once, however often the create is tried before it is seen everywhere.
TEST(DigitalOcean, ARepeatedCreateUsesTheSameKey) {
  int keys = 0, tries = 0;
  ScriptedApi api([&](const std::string& method, const std::string& path, const std::string&) {
    if (path == "/v2/account/keys" && method == "POST") return ++keys, Reply{201, R"({"ssh_key":{"id":7}})"};
    if (++tries < 3) return Reply{422, R"({"id":"unprocessable_entity","message":"7 are invalid key identifiers"})"};
    return Reply{202, R"({"droplet":{"id":5,"name":"n","status":"new"}})"};
  });
  DigitalOceanCloud cloud{Config(nullptr, 0)};
  CreateRequest request;
  request.offer_id = "gpu-a@tor1";
  request.client_token = "stk-01234567-j-1";
  Instances made;
  for (int i = 0; i < 3 && made.all.empty(); ++i) {
    try {
      cloud.create(api.call, request, made.emit());
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), STOKER_E_UNAVAILABLE);
    }
  }
  ASSERT_EQ(made.all.size(), 1U);
  EXPECT_EQ(made.all[0].client_token, "stk-01234567-j-1");
  EXPECT_EQ(keys, 1);
}

}  // namespace
}  // namespace stoker::digitalocean
