#include "core/jobs/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fleet/nearest_offers.h"

namespace stoker::jobs {
namespace {

constexpr uint64_t kGiga = 1'000'000'000;

JobSpec training(uint64_t gpu_memory, const std::string& gpu = {}, int64_t count = 0) {
  JobSpec spec;
  spec.from_template = {"sft", "{}", {}, gpu_memory};
  spec.resources.gpu = gpu;
  spec.resources.gpu_count = count;
  return spec;
}

fleet::AccountOffer offer(const std::string& id, uint32_t gpus, uint64_t memory) {
  fleet::AccountOffer one;
  one.account = {"sky", "sky", true};
  one.offer.id = one.offer.machine = id;
  one.offer.gpu_model = gpus > 0 ? "A10" : "";
  one.offer.gpu_count = gpus;
  one.offer.gpu_mem_bytes = memory;
  one.offer.price.per_hour.micros = 1'000'000;
  return one;
}

fleet::ProviderSource no_source() {
  return [](const std::string&) -> std::shared_ptr<plugin_host::Provider> { return nullptr; };
}

TEST(Needs, ATemplateThatTrainsOnAGpuAsksForOne) {
  const auto query = query_of(training(12 * kGiga));
  EXPECT_EQ(query.min_gpus, 1U);
  EXPECT_EQ(query.max_gpus, 1U);
  EXPECT_EQ(query.min_gpu_mem_bytes, 12 * kGiga);
  const auto eight = query_of(training(12 * kGiga, "H100", 8));
  EXPECT_EQ(eight.min_gpus, 8U);
  EXPECT_EQ(eight.max_gpus, 8U);
  EXPECT_EQ(query_of(training(0)).min_gpus, 0U);
  EXPECT_EQ(query_of(training(0)).min_gpu_mem_bytes, 0U);
}

TEST(Needs, ATemplateThatTrainsOnAGpuLooksBeyondThisMachine) {
  const std::vector<fleet::UsableAccount> all = {{"local", "local", false}, {"sky", "sky", true}};
  EXPECT_EQ(candidates(training(0), all, no_source()).size(), 1U);
  EXPECT_EQ(candidates(training(kGiga), all, no_source()).size(), 2U);
}

TEST(Needs, WhatIsTooSmallIsTakenOutWithTheReason) {
  std::vector<fleet::AccountOffer> offers = {offer("big", 1, 24 * kGiga), offer("small", 1, 8'590'000'000),
                                             offer("none", 0, 0), offer("untold", 2, 0), offer("just", 1, 12 * kGiga)};
  const auto too_small = take_too_small(training(12 * kGiga), offers);
  std::vector<std::string> left;
  for (const auto& one : offers) left.push_back(one.offer.id);
  EXPECT_THAT(left, testing::ElementsAre("big", "untold", "just"));
  ASSERT_EQ(too_small.size(), 2U);
  EXPECT_EQ(too_small[0].offer.offer.id, "small");
  EXPECT_EQ(too_small[0].why, "each GPU has 8.5 GB; the training needs 12.0 GB");
  EXPECT_EQ(too_small[1].why, "has no GPU; the training needs one with 12.0 GB");
}

TEST(Needs, WithoutAGpuToTrainOnNothingIsTooSmall) {
  std::vector<fleet::AccountOffer> offers = {offer("none", 0, 0)};
  EXPECT_TRUE(take_too_small(training(0), offers).empty());
  EXPECT_TRUE(take_too_small(JobSpec{}, offers).empty());
  EXPECT_EQ(offers.size(), 1U);
}

TEST(Needs, WhenNothingSufficesTheNearestIsNamed) {
  const auto query = query_of(training(24 * kGiga));
  EXPECT_FALSE(fleet::satisfies(offer("small", 1, 8 * kGiga).offer, query));
  EXPECT_TRUE(fleet::satisfies(offer("untold", 1, 0).offer, query));
  const Error error = fleet::no_offer_error(query, {offer("small", 1, 8 * kGiga), offer("none", 0, 0)});
  EXPECT_STREQ(error.what(),
               "no offer fits any GPU with 24.0 GB of memory; nearest: sky: small (1x A10) at 1.00 USD/h [8 GB of GPU "
               "memory only]; sky: none at 1.00 USD/h [0 GPUs only]");
  EXPECT_EQ(error.field, "resources.gpu");
}

}  // namespace
}  // namespace stoker::jobs
