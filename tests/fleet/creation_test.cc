#include "core/fleet/creation.h"

#include <gtest/gtest.h>

#include "tests/fleet/fleet_world.h"

namespace stoker::fleet {
namespace {

using store::error_of;
using store::InstancePhase;
using store::InstanceRow;

class Creation : public FleetWorld {};

Error cut() { return {Fault::unknown_outcome, "the answer was cut off"}; }

TEST_F(Creation, NamesAreDerivedFromInstallJobAndAttempt) {
  EXPECT_EQ(instance_name("0123456789abcdef", "abcdefghijklm", 3), "stk-01234567-abcdefghijklm-3");
}

TEST_F(Creation, ALostAnswerIsLookedForAndNeverAskedAgain) {
  sky.create_ = []() -> std::vector<plugin_host::Instance> { throw cut(); };
  const int64_t shown = clock.now + 60 * kSecond;
  sky.find_ = [&](const std::string&) {
    return clock.now >= shown ? std::vector{machine("m1")} : std::vector<plugin_host::Instance>{};
  };
  const InstanceRow row = create(intent());
  EXPECT_EQ(row.phase, InstancePhase::alive);
  EXPECT_EQ(row.cloud_id, "m1");
  EXPECT_EQ(std::count(sky.calls.begin(), sky.calls.end(), "create"), 1);
}

TEST_F(Creation, AMachineThatNeverAppearsIsRefusedOnlyAfterTheSettleTime) {
  sky.create_ = []() -> std::vector<plugin_host::Instance> { throw cut(); };
  sky.find_ = [](const std::string&) { return std::vector<plugin_host::Instance>{}; };
  const int64_t began = clock.now;
  const Error error = error_of([&] { create(intent()); });
  EXPECT_STREQ(error.what(), "sky did not make stk-01234567-job1-1");
  EXPECT_EQ(error.fault, Fault::no_capacity);
  EXPECT_GE(clock.now - began, sky.facts_.settle_ms);
  EXPECT_EQ(stored("stk-01234567-job1-1").phase, InstancePhase::refused);
}

TEST_F(Creation, AListThatFailsProvesNothing) {
  sky.create_ = []() -> std::vector<plugin_host::Instance> { throw cut(); };
  int failures = 0;
  sky.find_ = [&](const std::string&) -> std::vector<plugin_host::Instance> {
    if (++failures < 200) throw Error(Fault::unavailable, "503");
    return {machine("m1")};
  };
  const int64_t began = clock.now;
  EXPECT_EQ(create(intent()).cloud_id, "m1");
  EXPECT_GE(clock.now - began, 150 * 5 * kSecond) << "it is asked every 5 s, not without a pause";
}

TEST_F(Creation, ARefusalAfterALostAnswerIsNotBelieved) {
  sky.facts_.capabilities = STOKER_CAP_NATIVE_IDEMPOTENCY;
  int calls = 0;
  sky.create_ = [&]() -> std::vector<plugin_host::Instance> {
    if (++calls == 1) throw cut();
    throw Error(Fault::no_capacity, "no more of these");
  };
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  EXPECT_EQ(create(intent()).phase, InstancePhase::alive);
}

TEST_F(Creation, WhereItIsSafeARequestIsSentAgainForAWhileAndThenLookedFor) {
  sky.facts_.capabilities = STOKER_CAP_NATIVE_IDEMPOTENCY;
  sky.create_ = []() -> std::vector<plugin_host::Instance> { throw cut(); };
  sky.find_ = [](const std::string&) { return std::vector<plugin_host::Instance>{}; };
  const int64_t began = clock.now;
  EXPECT_EQ(error_of([&] { create(intent()); }).fault, Fault::no_capacity);
  EXPECT_GT(std::count(sky.calls.begin(), sky.calls.end(), "create"), 3);
  EXPECT_GE(clock.now - began, 2 * kMinute + sky.facts_.settle_ms);
  EXPECT_LE(clock.now - began, 5 * kMinute + sky.facts_.settle_ms);
  EXPECT_EQ(stored("stk-01234567-job1-1").phase, InstancePhase::refused);
}

TEST_F(Creation, OfTwoMachinesTheOldestIsOursAndTheOtherIsDeleted) {
  sky.create_ = [] {
    auto newer = machine("m2"), older = machine("m1");
    newer.created_ms = 20, older.created_ms = 10;
    return std::vector{newer, older};
  };
  EXPECT_EQ(create(intent()).cloud_id, "m1");
  const InstanceRow extra = stored("stk-01234567-job1-1-double1");
  EXPECT_EQ(extra.cloud_id, "m2");
  EXPECT_EQ(extra.phase, InstancePhase::deleting);
  EXPECT_EQ(extra.reason, "the cloud made more than one machine for one request");
}

TEST_F(Creation, DearerThanQuotedIsDeletedInTheSameCommit) {
  sky.create_ = [] { return std::vector{machine("m1", 2'030'000)}; };
  const Error error = error_of([&] { create(intent()); });
  EXPECT_STREQ(error.what(), "big of sky came dearer than quoted and is being deleted");
  EXPECT_EQ(stored("stk-01234567-job1-1").phase, InstancePhase::deleting);
}

TEST_F(Creation, OnePercentMoreIsTolerated) {
  sky.create_ = [] { return std::vector{machine("m1", 2'020'000)}; };
  EXPECT_EQ(create(intent()).price_micros, 2'020'000);
}

TEST_F(Creation, ACloudThatDoesNothingIsGivenUpAfterTenMinutes) {
  sky.create_ = []() -> std::vector<plugin_host::Instance> { throw Error(Fault::unavailable, "503"); };
  const Error error = error_of([&] { create(intent()); });
  EXPECT_STREQ(error.what(), "sky made nothing in 10 minutes: 503");
  EXPECT_EQ(error.fault, Fault::unavailable) << "its other offers would fare no better";
  EXPECT_EQ(stored("stk-01234567-job1-1").phase, InstancePhase::refused);
}

TEST_F(Creation, WhatIsNoLongerWantedIsNotAskedForAgain) {
  sky.create_ = [this]() -> std::vector<plugin_host::Instance> {
    unwanted.request_stop();
    throw Error(Fault::unavailable, "503");
  };
  EXPECT_EQ(error_of([&] { create(intent()); }).fault, Fault::cancelled);
  EXPECT_EQ(std::count(sky.calls.begin(), sky.calls.end(), "create"), 1);
  EXPECT_EQ(stored("stk-01234567-job1-1").phase, InstancePhase::unknown) << "to be looked for before it is forgotten";
}

TEST_F(Creation, NotFoundIsNotVisibleYetUntilTheSettleTime) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  const int64_t shown = clock.now + 60 * kSecond;
  sky.get_ = [&](const std::string& id) {
    if (clock.now < shown) throw Error(Fault::not_found, "no " + id);
    return machine(id);
  };
  EXPECT_TRUE(await_address(ctx, row, {}).seen_alive);
}

TEST_F(Creation, OneNotFoundOfAMachineThatWasSeenIsNotBelieved) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  int asked = 0;
  sky.get_ = [&](const std::string& id) {
    if (++asked == 2) throw Error(Fault::not_found, "no " + id);
    auto it = machine(id);
    if (asked < 3) it.state = plugin_host::InstanceState::pending;
    return it;
  };
  EXPECT_EQ(await_address(ctx, row, {}).phase, InstancePhase::alive);
  sky.get_ = [](const std::string& id) -> plugin_host::Instance { throw Error(Fault::not_found, "no " + id); };
  const int64_t began = clock.now;
  EXPECT_STREQ(error_of([&] { (void)await_address(ctx, row, {}); }).what(),
               "big of sky: it vanished before it was ever used");
  EXPECT_GE(clock.now - began, sky.facts_.settle_ms);
}

TEST_F(Creation, AMachineOfWhichNothingIsToldIsGivenUpWithTheReason) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  sky.get_ = [](const std::string&) -> plugin_host::Instance {
    throw Error(Fault::auth, "sky: looking at a machine: the key was revoked", "make a new key", "api_key");
  };
  const Error error = error_of([&] { (void)await_address(ctx, row, {}); });
  EXPECT_STREQ(error.what(),
               "big of sky: nothing was told of it for 20 minutes: sky: looking at a machine: the key was revoked");
  EXPECT_EQ(error.fault, Fault::auth);
  EXPECT_EQ(error.hint, "make a new key");
  EXPECT_EQ(stored(row.id).phase, InstancePhase::deleting);
}

TEST_F(Creation, AMachineDestroyedWhileItBootsIsNotUsed) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  sky.get_ = [&](const std::string& id) {
    mark_deleting(ctx, row.id, "destroyed by its user");
    return machine(id);
  };
  EXPECT_STREQ(error_of([&] { (void)await_address(ctx, row, {}); }).what(),
               "big of sky is being deleted: destroyed by its user");
}

TEST_F(Creation, ADearerPriceThatIsToldLaterCountsToo) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  sky.get_ = [](const std::string& id) { return machine(id, 4'000'000); };
  EXPECT_STREQ(error_of([&] { (void)await_address(ctx, row, {}); }).what(), "big of sky: dearer than quoted");
  EXPECT_EQ(stored(row.id).phase, InstancePhase::deleting);
}

}  // namespace
}  // namespace stoker::fleet
