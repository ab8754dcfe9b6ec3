#include "core/fleet/fleet.h"

#include <gtest/gtest.h>

#include "core/fleet/user_data.h"
#include "tests/fleet/fleet_world.h"

namespace stoker::fleet {
namespace {

using store::error_of;
using store::InstancePhase;
using store::InstanceRow;

class FleetTest : public FleetWorld {
 protected:
  Fleet fleet() { return Fleet(database(), clock, work); }
  void job(const std::function<void(store::JobRow&)>& edit) {
    with<store::Jobs>([&](store::Jobs& jobs) {
      auto row = jobs.find("job1").value();
      edit(row);
      jobs.update(row);
    });
  }
};

std::string text(const Error& error) { return std::string(error.what()) + " | " + error.hint + " | " + error.field; }

TEST_F(FleetTest, CapsAreCheckedInWholeMillionths) {
  EXPECT_EQ(
      text(error_of([&] { intent(5, 3); })),
      "big of sky at 2.00 USD/h for 3 h would cost more than the 5.00 USD that are left | raise limits.max_cost or "
      "lower limits.max_hours | limits.max_cost");
  EXPECT_NO_THROW(intent(0.3, 3, 1, 100'000)) << "0.1 x 3 is 0.3";
}

TEST_F(FleetTest, ACapThatIsUsedUpBuysNothing) {
  alive();
  clock.now += 3 * kHour;
  EXPECT_EQ(text(error_of([&] { intent(6, 0, 2); })),
            "limits.max_cost of 6 USD is used up | raise limits.max_cost | limits.max_cost");
}

TEST_F(FleetTest, ADeadlineIsWhatTheCapsAllow) {
  const int64_t grace = 20 * kMinute;
  EXPECT_EQ(intent(0, 0).deadline_ms, 0);
  EXPECT_EQ(intent(0, 3, 2).deadline_ms, clock.wall_ms() + 3 * kHour + grace);
  EXPECT_EQ(intent(3, 0, 3).deadline_ms, clock.wall_ms() + 90 * kMinute + grace);
}

TEST_F(FleetTest, AllowedHours) {
  IntentRequest request{"job1", 1, {{"sky", "sky", false}, offer("big", 2'000'000)}, 0, 0};
  EXPECT_EQ(allowed_hours(request, 0), 0);
  request.max_cost = 10;
  EXPECT_EQ(allowed_hours(request, 4'000'000), 3);
  request.max_hours = 2;
  EXPECT_EQ(allowed_hours(request, 4'000'000), 2);
}

TEST_F(FleetTest, CostIsWhatWasLived) {
  InstanceRow row = alive();
  clock.now += 90 * kMinute;
  const Cost cost = fleet().cost_of_job("job1");
  EXPECT_EQ(cost.micros_so_far, 3'000'000);
  EXPECT_EQ(cost.micros_per_hour, 2'000'000);
  row.gone_ms = row.billed_from_ms + kHour;
  EXPECT_EQ(Fleet::cost_of(row, clock.wall_ms()).micros_so_far, 2'000'000);
  EXPECT_EQ(Fleet::cost_of(row, clock.wall_ms()).micros_per_hour, 0);
}

TEST_F(FleetTest, AMachineInUseIsNotDestroyed) {
  const InstanceRow row = alive();
  job([&](store::JobRow& it) { it.state = store::JobState::running, it.instance_id = row.id; });
  EXPECT_EQ(text(error_of([&] { fleet().destroy(row.id, "asked for"); })),
            "instance stk-01234567-job1-1 is in use by job job1 | run: stoker cancel job1 | ");
  job([&](store::JobRow& it) { it.state = store::JobState::failed; });
  EXPECT_EQ(fleet().destroy(row.id, "asked for").phase, InstancePhase::deleting);
  EXPECT_EQ(text(error_of([&] { fleet().keep(row.id, std::nullopt); })),
            "instance stk-01234567-job1-1 can not be kept: it is deleting |  | ");
}

TEST_F(FleetTest, KeepingIsForATimeOrUntilDestroyed) {
  const InstanceRow row = alive();
  EXPECT_EQ(fleet().keep(row.id, 30).keep_until_ms, clock.wall_ms() + 30 * kMinute);
  EXPECT_EQ(fleet().keep(row.id, std::nullopt).keep_until_ms, 0);
  EXPECT_FALSE(fleet().stop_keeping(row.id).kept);
  EXPECT_EQ(text(error_of([&] { (void)fleet().get("stk-x"); })), "no instance stk-x | stoker instances lists them | ");
}

TEST(UserData, IsCloudConfig) {
  EXPECT_EQ(render_user_data({"KEY LINE 1\nKEY LINE 2\n", "ssh-ed25519 AAAA", "ssh-ed25519 BBBB ours\n", true}),
            "#cloud-config\n"
            "ssh_deletekeys: true\n"
            "ssh_keys:\n"
            "  ed25519_private: |\n"
            "    KEY LINE 1\n"
            "    KEY LINE 2\n"
            "  ed25519_public: ssh-ed25519 AAAA\n"
            "ssh_authorized_keys:\n"
            "  - ssh-ed25519 BBBB ours\n"
            "bootcmd:\n"
            "  - [sh, -c, \"test -e /run/stoker-armed || shutdown -P +30\"]\n");
}

TEST(UserData, IsAScriptWhereThereIsNoCloudInit) {
  UserData data{"KEY LINE 1\nKEY LINE 2\n", "ssh-ed25519 AAAA", "ssh-ed25519 BBBB ours\n", true, 1'790'000'000'123};
  const std::string keys =
      "#!/bin/sh\n"
      "umask 077\n"
      "mkdir -p /etc/ssh /root/.ssh\n"
      "rm -f /etc/ssh/ssh_host_*\n"
      "cat >/etc/ssh/ssh_host_ed25519_key <<'END'\n"
      "KEY LINE 1\n"
      "KEY LINE 2\n"
      "END\n"
      "echo 'ssh-ed25519 AAAA' >/etc/ssh/ssh_host_ed25519_key.pub\n"
      "cat >>/root/.ssh/authorized_keys <<'END'\n"
      "ssh-ed25519 BBBB ours\n"
      "END\n"
      "for comm in /proc/[0-9]*/comm; do\n"
      "  read -r name <$comm && [ \"$name\" = sshd ] && kill -HUP \"$(echo $comm | tr -dc 0-9)\"\n"
      "done 2>/dev/null\n";
  const std::string begin = "(\nsleep 1800\nwhile :; do\n  [ -e /run/stoker-armed ]";
  const std::string end = " || /usr/local/sbin/stoker-off\n  sleep 60\ndone\n) >/dev/null 2>&1 &\n";
  EXPECT_EQ(render_start_script(data), keys + begin + " && [ \"$(date +%s)\" -lt 1790000000 ]" + end);
  data.deadline_ms = 0;
  EXPECT_EQ(render_start_script(data), keys + begin + end);
  data.boot_grace = false;
  EXPECT_EQ(render_start_script(data), keys);
}

}  // namespace
}  // namespace stoker::fleet
