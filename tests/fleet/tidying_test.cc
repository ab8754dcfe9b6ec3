#include "core/fleet/tidying.h"

#include <gtest/gtest.h>

#include "core/fleet/sweeper.h"
#include "tests/fleet/fleet_world.h"

namespace stoker::fleet {
namespace {

using store::InstancePhase;
using store::InstanceRow;

constexpr char kRow[] = "stk-01234567-job1-1";

class Tidying : public FleetWorld {
 protected:
  void SetUp() override {
    FleetWorld::SetUp();
    sky.facts_.has_resources = true;
  }
  InstanceRow refused() {
    sky.create_ = []() -> std::vector<plugin_host::Instance> { throw Error(Fault::no_capacity, "none left"); };
    (void)store::error_of([&] { create(intent()); });
    return stored(kRow);
  }
  TidyStep step(int failures = 0, int64_t nothing_for_ms = -1) {
    FleetContext ctx = context();
    return tidy_step(ctx, stored(kRow), failures, nothing_for_ms, {});
  }
};

TEST_F(Tidying, ARowOwesItFromTheCreateOn) {
  EXPECT_TRUE(intent(0, 0, 2).tidied);
  EXPECT_FALSE(refused().tidied);
  EXPECT_EQ(stored(kRow).phase, InstancePhase::refused);
}

TEST_F(Tidying, WhatNeedsNoneOwesNone) {
  sky.facts_.has_resources = false;
  EXPECT_TRUE(refused().tidied);
}

TEST_F(Tidying, RemovesWhatCarriesTheTokenUntilNothingIsListedAfterTheSettleTime) {
  refused();
  sky.left = {{STOKER_RESOURCE_SSH_KEY, "k1", "", kRow, kRow}};
  EXPECT_FALSE(step().done) << "something was there";
  EXPECT_TRUE(sky.left.empty());
  TidyStep waiting = step();
  EXPECT_FALSE(waiting.done) << "a listing may lag";
  EXPECT_TRUE(waiting.nothing);
  EXPECT_EQ(waiting.again_in_ms, 90 * kSecond);
  EXPECT_EQ(step(0, 60 * kSecond).again_in_ms, 30 * kSecond);
  EXPECT_TRUE(step(0, 90 * kSecond).done);
  EXPECT_TRUE(stored(kRow).tidied);
}

// One empty list may be a lie, however long after the machine it is told.
TEST_F(Tidying, AKeyThatIsShownLateIsRemovedAllTheSame) {
  refused();
  clock.now += kHour;
  sky.find_ = [](const std::string&) { return std::vector<plugin_host::Instance>{}; };
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_FALSE(stored(kRow).tidied);
  clock.now += 60 * kSecond;
  sky.left = {{STOKER_RESOURCE_SSH_KEY, "k1", "", kRow, kRow}};
  for (int rounds = 0; rounds < 9 && !stored(kRow).tidied; ++rounds) clock.now += sweeper.round({});
  EXPECT_TRUE(stored(kRow).tidied);
  EXPECT_TRUE(sky.left.empty());
}

TEST_F(Tidying, AFailureIsToldOnceAndTriedAgainMoreSlowly) {
  refused();
  sky.resources_fail = Error(Fault::forbidden, "the token lacks ssh_key:read");
  const TidyStep first = step(0);
  EXPECT_TRUE(first.failed);
  ASSERT_EQ(alarms.size(), 1u);
  EXPECT_EQ(alarms[0], "removing what stk-01234567-job1-1 left at sky: the token lacks ssh_key:read; trying again");
  EXPECT_GT(step(3).again_in_ms, first.again_in_ms);
  EXPECT_EQ(step(20).again_in_ms, 5 * kMinute);
  EXPECT_EQ(alarms.size(), 1u);
  EXPECT_FALSE(stored(kRow).tidied);
}

TEST_F(Tidying, TheSweeperDoesItByItself) {
  refused();
  sky.find_ = [](const std::string&) { return std::vector<plugin_host::Instance>{}; };
  sky.left = {{STOKER_RESOURCE_SSH_KEY, "k1", "", kRow, kRow}};
  Sweeper sweeper(context());
  for (int rounds = 0; rounds < 9 && !stored(kRow).tidied; ++rounds) clock.now += sweeper.round({});
  EXPECT_TRUE(stored(kRow).tidied);
  EXPECT_TRUE(sky.left.empty());
}

}  // namespace
}  // namespace stoker::fleet
