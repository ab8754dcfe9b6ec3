#include "core/fleet/takeover.h"

#include <gtest/gtest.h>

#include "core/fleet/fleet.h"
#include "core/fleet/sweeper.h"
#include "tests/fleet/fleet_world.h"

namespace stoker::fleet {
namespace {

using store::InstancePhase;
using store::InstanceRow;

// job1 made a machine at 2 units an hour, had it for an hour and kept it for 30 minutes of idleness; job2 wants one.
class TakeoverTest : public FleetWorld {
 protected:
  void SetUp() override {
    FleetWorld::SetUp();
    id = alive().id;
    clock.now += kHour;
    end_job("job1");
    edit([&](InstanceRow& row) {
      row.seen_alive = true;
      row.region = "eu";
      row.gpu_model = "H100";
      row.gpu_count = 1;
      row.disk_bytes = 200'000'000'000;
      row.image = "ubuntu";
      row.made_deadline_ms = clock.wall_ms() + 20 * kHour;
      give_back(row, 30 * kMinute, clock.wall_ms());
    });
    with<store::Instances>([&](store::Instances& rows) { rows.end_use(id, clock.wall_ms()); });
    with<store::Jobs>([](store::Jobs& jobs) { jobs.insert(store::job_named("job2")); });
    request.job_id = "job2";
    request.owner = store::job_named("job2").owner;
    request.accounts = {"sky"};
    request.image = "ubuntu";
    request.query.gpu_model = "H100";
    request.query.min_gpus = request.query.max_gpus = 1;
  }

  void edit(const std::function<void(InstanceRow&)>& change) {
    with<store::Instances>([&](store::Instances& rows) {
      InstanceRow row = rows.find(id).value();
      change(row);
      rows.update(row);
    });
  }
  void end_job(const std::string& job_id) {
    with<store::Jobs>([&](store::Jobs& jobs) {
      auto row = jobs.find(job_id).value();
      row.state = store::JobState::succeeded;
      jobs.update(row);
    });
  }
  bool fits() {
    return !database().read([&](store::Connection& c) { return warm_machines(c, request, clock.wall_ms()); }).empty();
  }
  std::optional<InstanceRow> take() {
    return database().write("take over",
                            [&](store::Connection& c) { return take_over(c, request, id, clock.wall_ms()); });
  }
  double cost(const std::string& job_id) {
    return static_cast<double>(Fleet(database(), clock, work).cost_of_job(job_id).micros_so_far) / 1e6;
  }
  double idle_cost() {
    return static_cast<double>(
               database()
                   .read([&](store::Connection& c) { return Fleet::idle_cost_of(c, stored(id), clock.wall_ms()); })
                   .micros_so_far) /
           1e6;
  }

  std::string id;
  TakeoverRequest request;
};

TEST_F(TakeoverTest, IsOfTheHolderFromThenOn) {
  clock.now += 10 * kMinute;
  ASSERT_TRUE(fits());
  const auto row = take();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->holder, "job2");
  EXPECT_EQ(row->job_id, "job1");
  EXPECT_FALSE(row->kept);
  EXPECT_EQ(row->keep_until_ms, 0);
  const auto uses = with<store::Instances>([&](store::Instances& rows) { return rows.uses(id); });
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].until_ms, clock.wall_ms() - 10 * kMinute);
  EXPECT_EQ(uses[1].from_ms, clock.wall_ms());
  EXPECT_EQ(uses[1].until_ms, 0);
}

TEST_F(TakeoverTest, OnlyOneGetsIt) {
  ASSERT_TRUE(take());
  request.job_id = "job3";
  EXPECT_FALSE(take());
  EXPECT_FALSE(fits());
  EXPECT_EQ(stored(id).holder, "job2");
}

TEST_F(TakeoverTest, EveryHolderPaysForItsTimeAndNobodyForTheIdleOne) {
  EXPECT_DOUBLE_EQ(cost("job1"), 2);
  clock.now += 15 * kMinute;
  EXPECT_DOUBLE_EQ(cost("job1"), 2);
  EXPECT_DOUBLE_EQ(idle_cost(), 0.5);
  ASSERT_TRUE(take());
  clock.now += 30 * kMinute;
  EXPECT_DOUBLE_EQ(cost("job1"), 2);
  EXPECT_DOUBLE_EQ(cost("job2"), 1);
  EXPECT_DOUBLE_EQ(idle_cost(), 0.5);
  edit([&](InstanceRow& row) { row.phase = InstancePhase::gone, row.gone_ms = clock.wall_ms(); });
  clock.now += kHour;
  EXPECT_DOUBLE_EQ(cost("job2"), 1);
  EXPECT_DOUBLE_EQ(static_cast<double>(Fleet::cost_of(stored(id), clock.wall_ms()).micros_so_far) / 1e6, 3.5);
}

TEST_F(TakeoverTest, FitsWhatIsAskedForAndNothingElse) {
  EXPECT_TRUE(fits());
  const auto refused = [&](const char* what, const std::function<void(TakeoverRequest&)>& change) {
    const TakeoverRequest before = request;
    change(request);
    EXPECT_FALSE(fits()) << what;
    EXPECT_FALSE(take()) << what;
    request = before;
  };
  refused("account", [](auto& it) { it.accounts = {"sea"}; });
  refused("owner", [](auto& it) { it.owner = "another app"; });
  refused("gpu", [](auto& it) { it.query.gpu_model = "A100"; });
  refused("fewer gpus", [](auto& it) { it.query.min_gpus = it.query.max_gpus = 2; });
  refused("no gpu", [](auto& it) { it.query.gpu_model = "", it.query.min_gpus = it.query.max_gpus = 0; });
  refused("region", [](auto& it) { it.query.region = "us"; });
  refused("machine", [](auto& it) { it.query.machine = "bigger"; });
  refused("image", [](auto& it) { it.image = ""; });
  refused("disk", [](auto& it) { it.query.min_disk_bytes = 300'000'000'000; });
  refused("spot", [](auto& it) { it.query.spot = true; });
  refused("price", [](auto& it) { it.query.max_micros_per_hour = 1'900'000; });
  refused("cost", [](auto& it) { it.max_cost = 5, it.max_hours = 3; });
  refused("time", [](auto& it) { it.max_hours = 19.8; });
  EXPECT_TRUE(fits());
}

TEST_F(TakeoverTest, OnlyWhatIsIdleIsTaken) {
  const auto refused = [&](const char* what, const std::function<void(InstanceRow&)>& change) {
    const InstanceRow before = stored(id);
    edit(change);
    EXPECT_FALSE(take()) << what;
    edit([&](InstanceRow& row) { row = before; });
  };
  refused("not kept", [](auto& row) { row.kept = false; });
  refused("being deleted", [](auto& row) { row.phase = InstancePhase::deleting; });
  refused("in talk", [&](auto& row) { row.busy_until_ms = clock.wall_ms() + 1; });
  refused("idle too long", [&](auto& row) { row.keep_until_ms = clock.wall_ms(); });
  refused("of before", [](auto& row) { row.gpu_count = -1; });
  with<store::Jobs>([](store::Jobs& jobs) {
    auto job = jobs.find("job1").value();
    job.state = store::JobState::releasing;
    jobs.update(job);
  });
  EXPECT_FALSE(take()) << "its job has not ended";
  end_job("job1");
  EXPECT_TRUE(take());
}

TEST_F(TakeoverTest, TheDeadlineIsTheHoldersAndNeverLaterThanTheMachines) {
  request.max_hours = 3;
  EXPECT_EQ(take()->deadline_ms, clock.wall_ms() + 3 * kHour + kCollectGraceMs);
  edit([&](InstanceRow& row) { give_back(row, -1, clock.wall_ms()); });
  EXPECT_EQ(stored(id).deadline_ms, stored(id).made_deadline_ms);
  EXPECT_EQ(stored(id).keep_until_ms, 0);
}

TEST_F(TakeoverTest, WithoutLimitsHalfADayMustBeLeft) {
  edit([&](InstanceRow& row) { row.made_deadline_ms = clock.wall_ms() + 12 * kHour + kCollectGraceMs; });
  EXPECT_TRUE(fits());
  clock.now += kMinute;
  EXPECT_FALSE(fits());
  request.max_cost = 2;  // buys an hour
  EXPECT_TRUE(fits());
  EXPECT_EQ(take()->deadline_ms, clock.wall_ms() + kHour + kCollectGraceMs);
}

TEST_F(TakeoverTest, UsingIsNoIdleness) {
  clock.now += 29 * kMinute;
  Fleet(database(), clock, work).hold(id, 2 * kMinute);
  EXPECT_EQ(stored(id).keep_until_ms, clock.wall_ms() + 30 * kMinute);
  EXPECT_FALSE(fits());
  clock.now += 2 * kMinute;
  EXPECT_TRUE(fits());
}

TEST_F(TakeoverTest, TheSweeperGoesByTheHolder) {
  sky.find_ = [](const std::string&) { return std::vector{machine("m1")}; };
  sky.get_ = [](const std::string& cloud_id) { return machine(cloud_id); };
  ASSERT_TRUE(take());
  with<store::Jobs>([&](store::Jobs& jobs) {
    auto job = jobs.find("job2").value();
    job.state = store::JobState::running;
    job.instance_id = id;
    job.attempt = 1;
    jobs.update(job);
  });
  clock.now += kHour;  // the idle time of before is long over
  Sweeper sweeper(context());
  sweeper.round({});
  EXPECT_EQ(stored(id).phase, InstancePhase::alive);
  with<store::Jobs>([](store::Jobs& jobs) {
    auto job = jobs.find("job2").value();
    job.instance_id = "stk-other";
    job.attempt = 2;
    jobs.update(job);
  });
  sweeper.round({});
  EXPECT_EQ(stored(id).reason, "the job went on with another machine");
}

}  // namespace
}  // namespace stoker::fleet
