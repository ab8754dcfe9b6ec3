#include "core/fleet/deletion.h"

#include <gtest/gtest.h>

#include "core/fleet/sweeper.h"
#include "tests/fleet/fleet_world.h"

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using store::InstancePhase;
using store::InstanceRow;

class Deletion : public FleetWorld {
 protected:
  InstanceRow condemned() {
    FleetContext ctx = context();
    change(ctx, "seen", alive().id, [](InstanceRow& it) { it.seen_alive = true; });
    return mark_deleting(ctx, "stk-01234567-job1-1", "its job has ended");
  }
  void absent() {
    sky.get_ = [](const std::string& id) -> Instance { throw Error(Fault::not_found, "no " + id); };
    sky.find_ = [](const std::string&) { return std::vector<Instance>{}; };
  }
  DeletionStep step(const InstanceRow& row, int64_t absent_for_ms) {
    FleetContext ctx = context();
    sky.calls.clear();
    return delete_step(ctx, row, absent_for_ms, {});
  }
};

TEST_F(Deletion, GoneIsAbsentTwiceASettleTimeApart) {
  const InstanceRow row = condemned();
  absent();
  const DeletionStep first = step(row, -1);
  EXPECT_EQ(sky.calls, (std::vector<std::string>{"remove", "get", "find"}));
  EXPECT_FALSE(first.gone);
  EXPECT_EQ(first.again_in_ms, sky.facts_.settle_ms);
  EXPECT_EQ(first.row.absent_since_ms, clock.wall_ms());
  EXPECT_FALSE(step(first.row, sky.facts_.settle_ms - 1).gone);
  EXPECT_EQ(stored(row.id).phase, InstancePhase::deleting);
  const DeletionStep last = step(first.row, sky.facts_.settle_ms);
  EXPECT_EQ(sky.calls, (std::vector<std::string>{"get", "find"}));
  EXPECT_TRUE(last.gone);
  EXPECT_EQ(stored(row.id).phase, InstancePhase::gone);
}

TEST_F(Deletion, AListedMachineIsThereWhateverTheIdSays) {
  const InstanceRow row = condemned();
  absent();
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  EXPECT_EQ(step(row, -1).row.absent_since_ms, 0);
}

TEST_F(Deletion, AReturnStartsTheAbsenceAnew) {
  const InstanceRow row = condemned();
  absent();
  const DeletionStep first = step(row, -1);
  sky.get_ = [](const std::string& id) { return machine(id); };
  EXPECT_EQ(step(first.row, sky.facts_.settle_ms).row.absent_since_ms, 0);
  EXPECT_EQ(stored(row.id).phase, InstancePhase::deleting);
}

TEST_F(Deletion, IsDueAtOnceWhenTheSettleTimePassesMeanwhile) {
  sky.facts_.settle_ms = 1;
  const InstanceRow row = condemned();
  absent();
  clock.tick = 3;
  Sweeper sweeper(context());
  EXPECT_LE(sweeper.round({}), 1);
  EXPECT_EQ(stored(row.id).phase, InstancePhase::deleting);
  (void)sweeper.round({});
  EXPECT_EQ(stored(row.id).phase, InstancePhase::gone);
}

TEST_F(Deletion, IsTriedForEverAndSaysThatItIsBilling) {
  InstanceRow row = condemned();
  sky.get_ = [](const std::string& id) { return machine(id); };
  sky.remove_ = [] { throw Error(Fault::unavailable, "503"); };
  int64_t longest = 0;
  for (int i = 0; i < 100; ++i) {
    const DeletionStep tried = step(row, -1);
    EXPECT_FALSE(tried.gone);
    row = tried.row;
    longest = std::max(longest, tried.again_in_ms);
  }
  EXPECT_EQ(longest, 5 * kMinute);
  EXPECT_EQ(stored(row.id).phase, InstancePhase::deleting);
  EXPECT_EQ(stored(row.id).delete_attempts, 100);
  EXPECT_EQ(alarms.back(), "deleting stk-01234567-job1-1 at sky: 503; it is still billing, trying again");
}

TEST_F(Deletion, WhatIsOnItsWayOutIsAskedAgainNowAndThenOnly) {
  InstanceRow row = condemned();
  int removals = 0;
  sky.remove_ = [&] { ++removals; };
  sky.get_ = [](const std::string& id) {
    auto it = machine(id);
    it.state = plugin_host::InstanceState::deleting;
    return it;
  };
  for (int i = 0; i < 16; ++i) row = step(row, -1).row;
  EXPECT_EQ(removals, 2) << "at first, and after 8 looks";
  sky.get_ = [](const std::string& id) -> plugin_host::Instance { throw Error(Fault::forbidden, "no " + id); };
  row = step(row, -1).row;
  row = step(row, -1).row;
  EXPECT_EQ(removals, 4) << "who can not look can still ask";
}

TEST_F(Deletion, ASweepDeletesASecondMachineThatShowedLate) {
  alive();
  sky.get_ = [](const std::string& id) { return machine(id); };
  sky.find_ = [](const std::string&) { return std::vector{machine("m1"), machine("m2")}; };
  Sweeper sweeper(context());
  sweeper.round({});
  const InstanceRow extra = stored("stk-01234567-job1-1-double1");
  EXPECT_EQ(extra.cloud_id, "m2");
  EXPECT_EQ(extra.phase, InstancePhase::deleting);
  EXPECT_EQ(stored("stk-01234567-job1-1").phase, InstancePhase::alive);
}

TEST_F(Deletion, AMachineMadeAfterAnIdleSweepIsSweptForInMinutes) {
  Sweeper sweeper(context());
  sweeper.round({});
  alive();
  sky.get_ = [](const std::string& id) { return machine(id); };
  sky.find_ = [](const std::string&) { return std::vector{machine("m1"), machine("m2")}; };
  clock.now += 6 * kMinute;
  sweeper.round({});
  EXPECT_EQ(stored("stk-01234567-job1-1-double1").cloud_id, "m2");
}

TEST_F(Deletion, ASweepLeavesWhatNoJobKnowsUntilItsDeadline) {
  alive();
  Instance foreign = machine("m9");
  foreign.client_token = foreign.name = "stk-01234567-other-1";
  foreign.deadline_ms = clock.wall_ms() + kHour;
  sky.find_ = [&](const std::string&) { return std::vector{machine("m1"), foreign}; };
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_EQ(std::count(sky.calls.begin(), sky.calls.end(), "remove"), 0);
  EXPECT_EQ(alarms.back(),
            "sky has a machine m9 (stk-01234567-other-1) of this install that no job knows; destroy it if it is not "
            "wanted");
  clock.now += 2 * kHour;
  sweeper.round({});
  EXPECT_EQ(std::count(sky.calls.begin(), sky.calls.end(), "remove"), 1);
}

TEST_F(Deletion, AMachineAListLacksIsAnAlarmAndNotGone) {
  const InstanceRow row = alive();
  sky.get_ = [](const std::string& id) { return machine(id); };
  sky.find_ = [](const std::string&) { return std::vector<Instance>{}; };
  Sweeper sweeper(context());
  for (int i = 0; i < 5; ++i, clock.now += 6 * kMinute) sweeper.round({});
  EXPECT_EQ(stored(row.id).phase, InstancePhase::alive);
  EXPECT_EQ(alarms.back(), "sky does not list stk-01234567-job1-1, which is known to be alive");
}

TEST_F(Deletion, WhatTurnsUpAfterItWasRefusedIsDeleted) {
  sky.create_ = []() -> std::vector<Instance> { throw Error(Fault::no_capacity, "none left"); };
  EXPECT_THROW(create(intent()), Error);
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_EQ(stored("stk-01234567-job1-1").phase, InstancePhase::deleting);
  EXPECT_EQ(stored("stk-01234567-job1-1").cloud_id, "m1");
}

TEST_F(Deletion, AMachineWhoseJobHasEndedIsCondemned) {
  const InstanceRow row = alive();
  sky.get_ = [](const std::string& id) { return machine(id); };
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  with<store::Jobs>([](store::Jobs& jobs) {
    auto job = jobs.find("job1").value();
    job.state = store::JobState::failed;
    jobs.update(job);
  });
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_EQ(stored(row.id).phase, InstancePhase::deleting);
  EXPECT_EQ(stored(row.id).reason, "its job has ended");
}

TEST_F(Deletion, AMachinePastItsDeadlineIsCondemnedEvenIfKept) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  change(ctx, "keep", row.id, [&](InstanceRow& it) { it.kept = true, it.deadline_ms = clock.wall_ms() + kMinute; });
  sky.get_ = [](const std::string& id) { return machine(id); };
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_EQ(stored(row.id).phase, InstancePhase::alive);
  clock.now += 2 * kMinute;
  sweeper.round({});
  EXPECT_EQ(stored(row.id).reason, "its deadline has passed");
}

TEST_F(Deletion, KeepingWhileTheJobRunsDoesNotDeleteUnderIt) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  change(ctx, "keep", row.id, [&](InstanceRow& it) { it.kept = true, it.keep_until_ms = clock.wall_ms() + kMinute; });
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  clock.now += kHour;
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_EQ(stored(row.id).phase, InstancePhase::alive);
}

}  // namespace
}  // namespace stoker::fleet
