// A create that is answered with the wrong id: the right machine is found, and the other one is left alone.
#include "core/fleet/identity.h"

#include <gtest/gtest.h>

#include "core/fleet/deletion.h"
#include "core/fleet/sweeper.h"
#include "tests/fleet/fleet_world.h"

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using plugin_host::InstanceState;
using store::error_of;
using store::InstancePhase;
using store::InstanceRow;

constexpr char kRow[] = "stk-01234567-job1-1";

Instance theirs() {
  Instance it = machine("m9");
  it.client_token = it.name = "theirs";
  return it;
}

class Identity : public FleetWorld {
 protected:
  // A row that is alive under the id of somebody else's machine.
  InstanceRow misled(const std::string& id = "m9") {
    sky.create_ = [id] {
      Instance it = machine(id);
      it.price.per_hour.micros = 0;
      return std::vector{it};
    };
    sky.get_ = [](const std::string& which) {
      if (which == "m1") return machine("m1");
      if (which == "m9") return theirs();
      throw Error(Fault::not_found, "no " + which);
    };
    sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
    sky.remove_ = [this] { removed = true; };
    return create(intent());
  }
  void list_nothing() {
    sky.find_ = [](const std::string&) { return std::vector<Instance>{}; };
  }
  DeletionStep delete_it(int64_t absent_for_ms = -1) {
    FleetContext ctx = context();
    return delete_step(ctx, stored(kRow), absent_for_ms, {});
  }
  bool removed = false;
};

TEST_F(Identity, TheRightMachineIsTakenUp) {
  FleetContext ctx = context();
  const InstanceRow row = await_address(ctx, misled(), {});
  EXPECT_EQ(row.cloud_id, "m1");
  EXPECT_TRUE(row.seen_alive);
  EXPECT_EQ(row.phase, InstancePhase::alive);
}

TEST_F(Identity, AnIdThatLeadsNowhereIsLookedForToo) {
  FleetContext ctx = context();
  EXPECT_EQ(await_address(ctx, misled("m404"), {}).cloud_id, "m1");
}

TEST_F(Identity, WhereOursNeverAppearsTheAttemptIsRefused) {
  FleetContext ctx = context();
  const InstanceRow row = misled();
  list_nothing();
  EXPECT_EQ(error_of([&] { (void)await_address(ctx, row, {}); }).fault, Fault::no_capacity);
  EXPECT_EQ(stored(kRow).phase, InstancePhase::refused);
  EXPECT_EQ(stored(kRow).reason, "the answer to its creation named another machine, and its own never appeared");
  EXPECT_EQ(stored(kRow).billed_from_ms, 0) << "nothing is billed for it";
}

TEST_F(Identity, AProviderThatTellsNoTokenByIdIsBelievedByList) {
  FleetContext ctx = context();
  const InstanceRow row = alive();
  sky.get_ = [](const std::string& id) {
    Instance it = machine(id);
    it.client_token = it.name = "";
    return it;
  };
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  EXPECT_EQ(await_address(ctx, row, {}).cloud_id, "m1");
}

TEST_F(Identity, ADeleteFindsTheRightMachine) {
  FleetContext ctx = context();
  mark_deleting(ctx, misled().id, "its job has ended");
  (void)delete_it();
  EXPECT_EQ(stored(kRow).cloud_id, "m1");
  EXPECT_TRUE(removed);
  EXPECT_EQ(alarms.front(),
            "sky answered the creation of stk-01234567-job1-1 with m9, which is another machine; it is m1");
}

TEST_F(Identity, ADeleteLeavesAnothersMachineAlone) {
  FleetContext ctx = context();
  mark_deleting(ctx, misled().id, "its job has ended");
  list_nothing();
  EXPECT_FALSE(delete_it().gone);
  EXPECT_EQ(stored(kRow).cloud_id, "");
  EXPECT_FALSE(delete_it(sky.facts_.settle_ms - 1).gone);
  EXPECT_FALSE(removed);
  EXPECT_TRUE(delete_it(sky.facts_.settle_ms).gone);
  EXPECT_FALSE(removed);
}

TEST_F(Identity, ADeleteThatCanNotLookTouchesNothing) {
  FleetContext ctx = context();
  mark_deleting(ctx, misled().id, "its job has ended");
  list_nothing();
  sky.get_ = [](const std::string&) -> Instance { throw Error(Fault::unavailable, "503"); };
  EXPECT_FALSE(delete_it().gone);
  EXPECT_FALSE(removed);
  EXPECT_EQ(stored(kRow).cloud_id, "m9") << "it may be ours";
  EXPECT_EQ(alarms.back(), "deleting stk-01234567-job1-1 at sky: 503; it is still billing, trying again");
}

TEST_F(Identity, OursThatIsListedLateIsDeletedAllTheSame) {
  FleetContext ctx = context();
  mark_deleting(ctx, misled().id, "its job has ended");
  list_nothing();
  (void)delete_it();
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  EXPECT_FALSE(delete_it(sky.facts_.settle_ms).gone);
  EXPECT_EQ(stored(kRow).cloud_id, "m1");
  (void)delete_it();
  EXPECT_TRUE(removed);
}

TEST_F(Identity, WhoCanNotLookTouchesNothing) {
  FleetContext ctx = context();
  mark_deleting(ctx, misled().id, "its job has ended");
  sky.get_ = [](const std::string&) -> Instance { throw Error(Fault::unavailable, "503"); };
  sky.find_ = [](const std::string&) -> std::vector<Instance> { throw Error(Fault::unavailable, "503"); };
  EXPECT_FALSE(delete_it().gone);
  EXPECT_FALSE(removed);
  EXPECT_EQ(alarms.back(), "deleting stk-01234567-job1-1 at sky: 503; it is still billing, trying again");
}

TEST_F(Identity, ASweepDoesNotTakeOursForADouble) {
  misled();
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_FALSE(
      with<store::Instances>([](store::Instances& rows) { return rows.find(kRow + std::string("-double1")); }));
}

}  // namespace
}  // namespace stoker::fleet
