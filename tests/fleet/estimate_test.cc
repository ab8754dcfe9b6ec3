#include "core/fleet/estimate.h"

#include <gtest/gtest.h>

#include "tests/fleet/scripted_provider.h"

namespace stoker::fleet {
namespace {

AccountOffer priced(double per_hour, uint32_t granularity_s = 1, uint32_t minimum_s = 0) {
  AccountOffer one{{"sky", "sky", true}, offer("x", static_cast<int64_t>(per_hour * 1e6))};
  one.offer.price.granularity_s = granularity_s;
  one.offer.price.minimum_s = minimum_s;
  return one;
}

TEST(Estimate, IsHoursTimesPriceOverTheOffersThatMayBeTaken) {
  const Estimate it = estimate({{priced(2), priced(1.5), priced(4)}, Range{1, 2, 3}, 0, 0});
  EXPECT_EQ(it.per_hour.low, 1.5);
  EXPECT_EQ(it.per_hour.likely, 2.0) << "the first is tried first";
  EXPECT_EQ(it.per_hour.high, 4);
  EXPECT_EQ(it.total.low, 1.5);
  EXPECT_EQ(it.total.likely, 4.0);
  EXPECT_EQ(it.total.high, 12);
  EXPECT_EQ(it.cap, 96) << "24 hours of the dearest";
}

TEST(Estimate, IsBoundedByTheCaps) {
  const Estimate it = estimate({{priced(2)}, Range{1, 5, 50}, 8, 0});
  EXPECT_EQ(it.hours.high, 4) << "what 8 buys";
  EXPECT_EQ(it.hours.likely, 4.0);
  EXPECT_EQ(it.total.high, 8);
  EXPECT_EQ(it.cap, 8);
  const Estimate short_one = estimate({{priced(2)}, Range{1, 5, 50}, 0, 3});
  EXPECT_EQ(short_one.total.high, 6);
  EXPECT_EQ(short_one.cap, 6);
}

TEST(Estimate, WithNothingKnownSaysSoAndNamesTheBound) {
  const Estimate it = estimate({{priced(10)}, std::nullopt, 0, 2});
  EXPECT_FALSE(it.total.likely);
  EXPECT_FALSE(it.hours.likely);
  EXPECT_NEAR(it.total.low, 1, 0.01);
  EXPECT_EQ(it.total.high, 20);
}

TEST(Estimate, CountsAsTheCloudBills) {
  EXPECT_EQ(billed_hours(0.5, priced(1, 3600).offer.price), 1) << "by the whole hour";
  EXPECT_EQ(billed_hours(61.0 / 3600, priced(1, 60).offer.price), 120.0 / 3600) << "by the whole minute";
  EXPECT_EQ(billed_hours(1, priced(1, 3600).offer.price), 1);
  EXPECT_EQ(billed_hours(1.0 / 3600, priced(1, 1, 60).offer.price), 60.0 / 3600) << "at least a minute";
}

TEST(Estimate, WhatIsFreeCostsNothing) {
  const Estimate it = estimate({{priced(0)}, Range{1, 1, 1}, 5, 0});
  EXPECT_EQ(it.total.high, 0);
  EXPECT_EQ(it.cap, 0);
}

}  // namespace
}  // namespace stoker::fleet
