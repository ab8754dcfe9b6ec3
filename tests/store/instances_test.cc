#include "core/store/instances.h"

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class InstancesTest : public OpenStore {};

// Every member, in the order of the header; a new one that is not stored fails to compile or to compare.
auto members(const InstanceRow& r) {
  const auto& [id, job, attempt, provider, account, token, offer, opaque, machine, region, zone, phase, cloud_id,
               cloud_opaque, cloud_state, host, user, key, port, price, currency, created, last_create, billed,
               deadline, seen, absent, gone, reason, deletes, kept, keep_until, tidied, keep_idle, busy, holder,
               made_deadline, gpu, image, gpus, disk, spot, serve] = r;
  return std::tuple(id, job, attempt, provider, account, token, offer, opaque, machine, region, zone, phase, cloud_id,
                    cloud_opaque, cloud_state, host, user, key, port, price, currency, created, last_create, billed,
                    deadline, seen, absent, gone, reason, deletes, kept, keep_until, tidied, keep_idle, busy, holder,
                    made_deadline, gpu, image, gpus, disk, spot, serve);
}

InstanceRow full_instance() {
  InstanceRow row;
  row.id = "stk-1";
  row.job_id = "job1";
  row.attempt = 2;
  row.provider = "aws";
  row.account = "aws-2";
  row.client_token = "token";
  row.offer_id = "offer";
  row.offer_opaque = std::string("o\0p", 3);
  row.machine = "p5";
  row.region = "eu";
  row.zone = "eu-1a";
  row.phase = InstancePhase::deleting;
  row.cloud_id = "i-1";
  row.cloud_opaque = "co";
  row.cloud_state = "stopping";
  row.ssh_host = "192.0.2.1";
  row.ssh_user = "ubuntu";
  row.host_public_key = "ssh-ed25519 AAAA";
  row.ssh_port = 2222;
  row.price_micros = 2'990'000;
  row.currency = "EUR";
  row.created_ms = 1;
  row.last_create_ms = 2;
  row.billed_from_ms = 3;
  row.deadline_ms = 4;
  row.seen_alive = true;
  row.absent_since_ms = 5;
  row.gone_ms = 6;
  row.reason = "cancelled";
  row.delete_attempts = 7;
  row.kept = true;
  row.keep_until_ms = 8;
  row.tidied = false;
  row.keep_idle_ms = 9;
  row.busy_until_ms = 10;
  row.holder = "job2";
  row.made_deadline_ms = 11;
  row.gpu_model = "H100";
  row.image = "ubuntu";
  row.gpu_count = 8;
  row.disk_bytes = 12;
  row.spot = true;
  row.serve_port = 8000;
  return row;
}

TEST_F(InstancesTest, NamesEveryPhaseBothWays) {
  for (int i = 0; i <= static_cast<int>(InstancePhase::gone); ++i)
    EXPECT_EQ(instance_phase(to_string(InstancePhase(i))), InstancePhase(i));
  EXPECT_STREQ(to_string(InstancePhase::deleting), "deleting");
  EXPECT_EQ(error_of([] { instance_phase("dead"); }).fault, Fault::internal);
}

TEST_F(InstancesTest, KeepsEveryFieldOfAnInstance) {
  with<Instances>([](Instances& instances) { instances.insert(full_instance()); });
  with<Instances>(
      [](Instances& instances) { EXPECT_EQ(members(instances.find("stk-1").value()), members(full_instance())); });

  InstanceRow changed;
  changed.id = "stk-1";
  with<Instances>([&](Instances& instances) { instances.update(changed); });
  InstanceRow expected = changed;
  expected.job_id = "job1";
  expected.attempt = 2;
  expected.provider = "aws";
  expected.account = "aws-2";
  expected.client_token = "token";
  expected.created_ms = 1;
  with<Instances>(
      [&](Instances& instances) { EXPECT_EQ(members(instances.find("stk-1").value()), members(expected)); });
  changed.id = "other";
  const Error error = error_of([&] { with<Instances>([&](Instances& instances) { instances.update(changed); }); });
  EXPECT_EQ(error.fault, Fault::not_found);
}

TEST_F(InstancesTest, SelectsInstancesByPhaseAndTime) {
  with<Instances>([](Instances& instances) {
    const auto add = [&](const std::string& id, InstancePhase phase, int64_t last_create_ms, int64_t gone_ms,
                         int attempt) {
      InstanceRow row;
      row.id = id;
      row.job_id = "job";
      row.attempt = attempt;
      row.phase = phase;
      row.last_create_ms = last_create_ms;
      row.gone_ms = gone_ms;
      instances.insert(row);
    };
    add("i", InstancePhase::intent, 0, 0, 6);
    add("u", InstancePhase::unknown, 10, 0, 5);
    add("r", InstancePhase::refused, 50, 0, 4);
    add("a", InstancePhase::alive, 10, 0, 3);
    add("d", InstancePhase::deleting, 10, 0, 2);
    add("g", InstancePhase::gone, 10, 60, 1);
    const auto ids = [](const std::vector<InstanceRow>& rows) {
      std::string text;
      for (const auto& row : rows) text += row.id;
      return text;
    };
    EXPECT_EQ(ids(instances.open()), "iuad");
    EXPECT_EQ(ids(instances.recent(49)), "iuradg");
    EXPECT_EQ(ids(instances.recent(50)), "iuadg");
    EXPECT_EQ(ids(instances.recent(60)), "iuad");
    EXPECT_EQ(ids(instances.of_job("job")), "gdarui");
    EXPECT_EQ(ids(instances.of_job("none")), "");
    EXPECT_EQ(ids(instances.untidy()), "");
    for (const char* id : {"u", "r", "g"}) {
      InstanceRow row = instances.find(id).value();
      row.tidied = false;
      instances.update(row);
    }
    EXPECT_EQ(ids(instances.untidy()), "rg") << "those that have ended";
    EXPECT_EQ(ids(instances.list(4, "")), "gdar");
    EXPECT_EQ(ids(instances.list(4, "r")), "ui");
  });
}

TEST_F(InstancesTest, RemembersRegions) {
  with<Instances>([](Instances& instances) {
    instances.remember_region("aws", "us");
    instances.remember_region("aws", "eu");
    instances.remember_region("aws", "us");
    const std::vector<std::pair<std::string, std::string>> expected{{"aws", "eu"}, {"aws", "us"}};
    EXPECT_EQ(instances.regions(), expected);
  });
}

}  // namespace
}  // namespace stoker::store
