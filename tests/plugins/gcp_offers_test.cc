#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/gcp_case.h"

namespace stoker::gcp {
namespace {

using testing::StartsWith;

std::string sku(const std::string& description, double dollars, const std::string& usage = "OnDemand") {
  const auto nanos = std::to_string(std::llround(dollars * 1e9) % 1'000'000'000);
  return R"({"description":")" + description + R"(","category":{"usageType":")" + usage +
         R"("},"serviceRegions":["us-central1"],"pricingInfo":[{"pricingExpression":{"tieredRates":[{"unitPrice":{
            "units":")" +
         std::to_string(static_cast<int>(dollars)) + R"(","nanos":)" + nanos + "}}]}}]}";
}

std::vector<std::string> g2_parts(double gpu = 0.56004, double factor = 0.4) {
  return {sku("G2 Instance Core running in Americas", 0.024988),
          sku("G2 Instance Ram running in Americas", 0.002927),
          sku("Nvidia L4 GPU running in Americas", gpu),
          sku("DWS Defined Duration Nvidia L4 GPU running in Americas", 0.1),
          sku("Commitment v1: G2 Core in Americas for 1 Year", 0.01, "Commit1Yr"),
          sku("Spot Preemptible G2 Instance Core running in Americas", 0.024988 * factor, "Preemptible"),
          sku("Spot Preemptible G2 Instance Ram running in Americas", 0.002927 * factor, "Preemptible"),
          sku("Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", gpu * factor, "Preemptible")};
}

Price price(const std::vector<std::string>& skus, bool spot = false, const std::string& region = "us-central1") {
  PriceList list;
  for (const std::string& one : skus) list.add(json(one));
  return list.of(*machine_type("g2-standard-4"), 4, 16384, region, spot);
}

TEST(GcpPrice, IsTheSumOfItsParts) {
  EXPECT_EQ(price(g2_parts()).per_hour.micros, 706'824);
  EXPECT_EQ(price(g2_parts()).flags, static_cast<unsigned>(STOKER_PRICE_EXCLUDES_TAX));
  EXPECT_EQ(price(g2_parts(), true).per_hour.micros, 282'730);
  EXPECT_TRUE(price(g2_parts(), true).flags & STOKER_PRICE_SPOT);
}

TEST(GcpPrice, IsAnEstimateWhereThePartsCanNotBeRight) {
  const auto is_estimate = [](const Price& one) {
    EXPECT_EQ(one.per_hour.micros == 707'000, (one.flags & STOKER_PRICE_ESTIMATE) != 0);
    return (one.flags & STOKER_PRICE_ESTIMATE) != 0;
  };
  EXPECT_TRUE(is_estimate(price({})));
  EXPECT_TRUE(is_estimate(price(g2_parts(), false, "europe-west4"))) << "no parts of that region";
  EXPECT_TRUE(is_estimate(price(g2_parts(0.1)))) << "far less than it can be";
  EXPECT_TRUE(is_estimate(price(g2_parts(9)))) << "far more";
  EXPECT_TRUE(is_estimate(price(g2_parts(0.56004, 1.1), true))) << "spot above the price on demand";
  EXPECT_FALSE(is_estimate(price(g2_parts(1.2)))) << "dearer than it was is believed";
  for (const MachineType& type : machine_types()) {
    EXPECT_EQ(machine_type(offered_name(type)), &type) << type.name;
    EXPECT_GT(gpu_memory(type.accelerator), 0U);
  }
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : ",") + one;
  return text;
}

// A project of which the types, GPUs and prices are as given.
Reply answer_offers(const std::string& path, const std::string& skus, int skus_status = 200) {
  const std::string zone = R"("zone":"https://x/zones/us-central1-a")";
  if (path.find("/skus") != std::string::npos)
    return {skus_status, skus_status == 200 ? R"({"skus":[)" + skus + "]}" : skus};
  if (path.find("acceleratorTypes") != std::string::npos)
    return {200, page(R"("zones/us-central1-a":{"acceleratorTypes":[{"name":"nvidia-l4",)" + zone +
                      R"(},{"name":"nvidia-tesla-t4",)" + zone + "}]}")};
  return {200, page(R"("zones/us-central1-a":{"machineTypes":[
      {"name":"g2-standard-4","guestCpus":4,"memoryMb":16384,)" +
                    zone + R"(},
      {"name":"n1-standard-8","guestCpus":8,"memoryMb":30720,)" +
                    zone + R"(},
      {"name":"a2-highgpu-1g","guestCpus":12,"memoryMb":87040,)" +
                    zone + "}]}")};
}

TEST(GcpOffers, AreOfZonesThatHaveTheGpus) {
  const std::string parts = joined(g2_parts());
  Cloud cloud(
      [&](const std::string&, const std::string& path, const std::string&) { return answer_offers(path, parts); });
  Offers offers;
  cloud.gcp.list_offers(cloud.api.call, {}, offers.emit());
  ASSERT_EQ(offers.all.size(), 2U) << "no A100 here, no V100";
  EXPECT_EQ(offers.all[0].id, "g2-standard-4@us-central1-a");
  EXPECT_EQ(offers.all[0].region, "us-central1");
  EXPECT_EQ(offers.all[0].zone, "us-central1-a");
  EXPECT_EQ(offers.all[0].price.per_hour.micros, 706'824);
  EXPECT_EQ(offers.all[0].gpu_mem_bytes, std::uint64_t{24} << 30);
  EXPECT_EQ(offers.all[0].mem_bytes, std::uint64_t{16} << 30);
  EXPECT_EQ(offers.all[1].id, "n1-standard-8+1xnvidia-tesla-t4@us-central1-a");
  EXPECT_TRUE(offers.all[1].price.flags & STOKER_PRICE_ESTIMATE);
}

TEST(GcpOffers, WithoutThePriceListTheyAreEstimates) {
  Cloud cloud([&](const std::string&, const std::string& path, const std::string&) {
    return answer_offers(path, refusal(403, "accessNotConfigured", "enable it"), 403);
  });
  Offers offers;
  cloud.gcp.list_offers(cloud.api.call, {}, offers.emit());
  ASSERT_EQ(offers.all.size(), 2U);
  EXPECT_EQ(offers.all[0].price.per_hour.micros, 707'000);
  EXPECT_TRUE(offers.all[0].price.flags & STOKER_PRICE_ESTIMATE);
}

TEST(GcpOffers, APriceListThatBreaksOffIsNoPriceList) {
  Cloud cloud([&](const std::string&, const std::string& path, const std::string&) {
    return answer_offers(path, "broken", 503);
  });
  Offers offers;
  try {
    cloud.gcp.list_offers(cloud.api.call, {}, offers.emit());
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), STOKER_E_UNAVAILABLE);
  }
  EXPECT_TRUE(offers.all.empty());
}

TEST(GcpCreate, APriceThatHasJumpedIsNotPaid) {
  const std::string parts = joined(g2_parts(1.2));
  Cloud cloud(
      [&](const std::string&, const std::string& path, const std::string&) { return answer_offers(path, parts); });
  CreateRequest wanted = request();
  wanted.max_per_hour = {714'000, "USD"};
  EXPECT_EQ(outcome(cloud, wanted),
            std::to_string(STOKER_E_NO_CAPACITY) + " gcp: g2-standard-4 costs more than was quoted");
  for (const std::string& one : cloud.asked()) EXPECT_THAT(one, StartsWith("GET ")) << "nothing is made";
}

}  // namespace
}  // namespace stoker::gcp
