#include <thread>

#include "core/store/artifacts.h"
#include "core/store/events.h"
#include "core/store/instances.h"
#include "core/store/job_id.h"
#include "core/store/jobs.h"
#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class RowsTest : public StoreFolder {
 protected:
  template <typename Repository, typename F>
  auto with(F&& f) {
    return database().write("test", [&](Connection& c) {
      Repository repository(c);
      return f(repository);
    });
  }
  Database& database() {
    if (!database_) database_.emplace(file_);
    return *database_;
  }
  std::optional<Database> database_;
};

// Every member, in the order of the header; a new one that is not stored fails to compile or to compare.
auto members(const JobRow& r) {
  const auto& [id, name, spec, key, hash, owner, state, outcome, reason, hint, exit_code, cancel, attempt, instance,
               created, started, ended, log_bytes, parser, score, events, seq] = r;
  return std::tuple(id, name, spec, key, hash, owner, state, outcome, reason, hint, exit_code, cancel, attempt,
                    instance, created, started, ended, log_bytes, parser, score, events, seq);
}

auto members(const InstanceRow& r) {
  const auto& [id, job, attempt, provider, token, offer, opaque, machine, region, zone, phase, cloud_id, cloud_opaque,
               cloud_state, host, user, key, port, price, currency, created, last_create, billed, deadline, seen,
               absent, gone, reason, deletes, kept, keep_until] = r;
  return std::tuple(id, job, attempt, provider, token, offer, opaque, machine, region, zone, phase, cloud_id,
                    cloud_opaque, cloud_state, host, user, key, port, price, currency, created, last_create, billed,
                    deadline, seen, absent, gone, reason, deletes, kept, keep_until);
}

JobRow full_job() {
  JobRow job;
  job.id = "job1";
  job.name = "n\xc3\xa4me";
  job.spec = R"({"run":"a\nb"})";
  job.idempotency_key = "key";
  job.request_hash = "hash";
  job.owner = "app";
  job.state = JobState::collecting;
  job.outcome = "failed";
  job.reason = "it's \"over\"";
  job.hint = "hint";
  job.exit_code = -9;
  job.cancel_requested = true;
  job.attempt = 3;
  job.instance_id = "stk-1";
  job.created_ms = 1'700'000'000'001;
  job.started_ms = 1'700'000'000'002;
  job.ended_ms = 1'700'000'000'003;
  job.log_bytes = int64_t{1} << 40;
  job.parser = "axolotl";
  job.parser_score = 80;
  job.parser_events = 12345;
  job.last_seq = 9;
  return job;
}

InstanceRow full_instance() {
  InstanceRow row;
  row.id = "stk-1";
  row.job_id = "job1";
  row.attempt = 2;
  row.provider = "aws";
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
  return row;
}

TEST_F(RowsTest, KeepsEveryFieldOfAJob) {
  with<Jobs>([](Jobs& jobs) { jobs.insert(full_job()); });
  with<Jobs>([](Jobs& jobs) { EXPECT_EQ(members(jobs.find("job1").value()), members(full_job())); });
  with<Jobs>([](Jobs& jobs) { jobs.insert(job_named("plain")); });
  with<Jobs>([](Jobs& jobs) { EXPECT_EQ(members(jobs.find("plain").value()), members(job_named("plain"))); });
  with<Jobs>([](Jobs& jobs) { EXPECT_FALSE(jobs.find("other")); });
}

TEST_F(RowsTest, UpdatesAllButTheFixedFieldsOfAJob) {
  with<Jobs>([](Jobs& jobs) {
    jobs.insert(job_named("job1"));
    jobs.update(full_job());
  });
  JobRow expected = full_job();
  const JobRow fixed = job_named("job1");
  expected.spec = fixed.spec;
  expected.idempotency_key = fixed.idempotency_key;
  expected.request_hash = fixed.request_hash;
  expected.created_ms = fixed.created_ms;
  expected.last_seq = fixed.last_seq;
  with<Jobs>([&](Jobs& jobs) { EXPECT_EQ(members(jobs.find("job1").value()), members(expected)); });

  const Error error = error_of([&] { with<Jobs>([](Jobs& jobs) { jobs.update(job_named("other")); }); });
  EXPECT_EQ(error.fault, Fault::not_found);
  EXPECT_STREQ(error.what(), "no job other");
}

TEST_F(RowsTest, NeverTakesBackARequestToCancel) {
  with<Jobs>([](Jobs& jobs) {
    jobs.insert(job_named("a"));
    const JobRow stale = jobs.find("a").value();
    jobs.request_cancel("a");
    jobs.update(stale);
    EXPECT_TRUE(jobs.find("a")->cancel_requested);
  });
}

TEST_F(RowsTest, ListsJobsNewestFirstInPages) {
  with<Jobs>([](Jobs& jobs) {
    for (const char* id : {"c", "a", "b", "d"}) jobs.insert(job_named(id));
    const auto ids = [](const std::vector<JobRow>& rows) {
      std::string text;
      for (const auto& row : rows) text += row.id;
      return text;
    };
    EXPECT_EQ(ids(jobs.list(10, "")), "dbac");
    EXPECT_EQ(ids(jobs.list(2, "")), "db");
    EXPECT_EQ(ids(jobs.list(2, "b")), "ac");
    EXPECT_EQ(ids(jobs.list(2, "c")), "");
    EXPECT_EQ(ids(jobs.list(-1, "")), "");
    JobRow done = jobs.find("a").value();
    done.state = JobState::cancelled;
    jobs.update(done);
    EXPECT_EQ(ids(jobs.open()), "cbd");
  });
  const Error error = error_of([&] { with<Jobs>([](Jobs& jobs) { return jobs.list(2, "x"); }); });
  EXPECT_EQ(error.fault, Fault::invalid);
  EXPECT_EQ(error.field, "after");
}

TEST_F(RowsTest, KeepsIdempotencyKeysUniqueForEachOwner) {
  with<Jobs>([](Jobs& jobs) {
    JobRow job = job_named("a");
    job.idempotency_key = "k";
    jobs.insert(job);
    job.id = "b";
    job.owner = "app";
    jobs.insert(job);
    jobs.insert(job_named("c"));
    jobs.insert(job_named("d"));
    EXPECT_EQ(jobs.find_idempotent("admin", "k")->id, "a");
    EXPECT_EQ(jobs.find_idempotent("app", "k")->id, "b");
    EXPECT_FALSE(jobs.find_idempotent("admin", ""));
    EXPECT_FALSE(jobs.find_idempotent("admin", "other"));
  });
  const Error error = error_of([&] {
    with<Jobs>([](Jobs& jobs) {
      JobRow job = job_named("e");
      job.idempotency_key = "k";
      jobs.insert(job);
    });
  });
  EXPECT_EQ(error.fault, Fault::conflict);
}

TEST_F(RowsTest, NamesEveryStateBothWays) {
  for (int i = 0; i <= static_cast<int>(JobState::cancelled); ++i)
    EXPECT_EQ(job_state(to_string(JobState(i))), JobState(i));
  for (int i = 0; i <= static_cast<int>(InstancePhase::gone); ++i)
    EXPECT_EQ(instance_phase(to_string(InstancePhase(i))), InstancePhase(i));
  EXPECT_STREQ(to_string(JobState::provisioning), "provisioning");
  EXPECT_EQ(error_of([] { job_state("dead"); }).fault, Fault::internal);
  EXPECT_EQ(error_of([] { instance_phase("dead"); }).fault, Fault::internal);
}

TEST_F(RowsTest, NumbersEventsWithoutAGapUnderFourThreads) {
  with<Jobs>([](Jobs& jobs) {
    jobs.insert(job_named("a"));
    jobs.insert(job_named("b"));
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        with<Events>([&](Events& events) {
          events.append("a", i, "log", "{}");
          events.append("b", i, "log", "{}");
        });
        EXPECT_THROW(with<Events>([&](Events& events) {
                       events.append("a", i, "metric", "{}");
                       throw std::runtime_error("rolled back");
                     }),
                     std::runtime_error);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const char* job : {"a", "b"}) {
    const auto rows = with<Events>([&](Events& events) { return events.after(job, 0, 1000); });
    ASSERT_EQ(rows.size(), 100u);
    for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].seq, static_cast<int64_t>(i + 1));
    EXPECT_EQ(with<Jobs>([&](Jobs& jobs) { return jobs.find(job)->last_seq; }), 100);
  }
}

TEST_F(RowsTest, FindsEventsByNumberAndKind) {
  with<Jobs>([](Jobs& jobs) { jobs.insert(job_named("a")); });
  with<Events>([](Events& events) {
    const std::string data("{\"text\":\"\xe2\x82\xac\"}");
    for (const char* kind : {"log", "metric", "log", "eval", "metric", "log"}) events.append("a", 77, kind, data);
    const auto seqs = [](const std::vector<EventRow>& rows) {
      std::string text;
      for (const auto& row : rows) text += std::to_string(row.seq);
      return text;
    };
    EXPECT_EQ(seqs(events.after("a", 0, 10)), "123456");
    EXPECT_EQ(seqs(events.after("a", 2, 3)), "345");
    EXPECT_EQ(seqs(events.after("x", 0, 3)), "");
    EXPECT_EQ(seqs(events.of_kinds("a", {"metric", "eval"}, 0, 10)), "245");
    EXPECT_EQ(seqs(events.of_kinds("a", {"metric", "eval", "metric"}, 2, 10)), "45");
    EXPECT_EQ(seqs(events.of_kinds("a", {"metric", "eval"}, 0, 2)), "24");
    EXPECT_EQ(seqs(events.of_kinds("a", {}, 0, 2)), "");
    const EventRow row = events.after("a", 3, 1).at(0);
    EXPECT_EQ(std::tuple(row.seq, row.t_ms, row.kind, row.data), std::tuple(4, 77, "eval", data));
  });
  const Error error =
      error_of([&] { with<Events>([](Events& events) { return events.append("x", 1, "log", "{}"); }); });
  EXPECT_EQ(error.fault, Fault::not_found);
}

TEST_F(RowsTest, KeepsEveryFieldOfAnInstance) {
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
  expected.client_token = "token";
  expected.created_ms = 1;
  with<Instances>(
      [&](Instances& instances) { EXPECT_EQ(members(instances.find("stk-1").value()), members(expected)); });
  changed.id = "other";
  const Error error = error_of([&] { with<Instances>([&](Instances& instances) { instances.update(changed); }); });
  EXPECT_EQ(error.fault, Fault::not_found);
}

TEST_F(RowsTest, SelectsInstancesByPhaseAndTime) {
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
    EXPECT_EQ(ids(instances.list(4, "")), "gdar");
    EXPECT_EQ(ids(instances.list(4, "r")), "ui");
  });
}

TEST_F(RowsTest, RemembersRegions) {
  with<Instances>([](Instances& instances) {
    instances.remember_region("aws", "us");
    instances.remember_region("aws", "eu");
    instances.remember_region("aws", "us");
    const std::vector<std::pair<std::string, std::string>> expected{{"aws", "eu"}, {"aws", "us"}};
    EXPECT_EQ(instances.regions(), expected);
  });
}

TEST_F(RowsTest, KeepsArtifacts) {
  with<Artifacts>([](Artifacts& artifacts) {
    artifacts.put({"job", "b/x", 5, "00", false});
    artifacts.put({"job", "a", 1, "01", true});
    artifacts.put({"job", "b/x", int64_t{1} << 40, "0123456789abcdef", true});
    const ArtifactRow row = artifacts.find("job", "b/x").value();
    EXPECT_EQ(std::tuple(row.job_id, row.path, row.size, row.xxh3, row.complete),
              std::tuple("job", "b/x", int64_t{1} << 40, "0123456789abcdef", true));
    EXPECT_FALSE(artifacts.find("job", "c"));
    const auto rows = artifacts.of_job("job");
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].path + " " + rows[1].path, "a b/x");
  });
}

TEST_F(RowsTest, KeepsFiles) {
  with<Files>([](Files& files) {
    files.insert({"file-1", "a.txt", "app", 3, 1000});
    files.insert({"file-2", "b.txt", "admin", int64_t{1} << 41, 2000});
    const FileRow row = files.find("file-2").value();
    EXPECT_EQ(std::tuple(row.id, row.name, row.owner, row.size, row.created_ms),
              std::tuple("file-2", "b.txt", "admin", int64_t{1} << 41, 2000));
    EXPECT_EQ(files.list(1, "").at(0).id, "file-2");
    EXPECT_EQ(files.list(5, "file-2").at(0).id, "file-1");
    files.remove("file-2");
    EXPECT_FALSE(files.find("file-2"));
    EXPECT_EQ(files.list(5, "").size(), 1u);
  });
  EXPECT_EQ(error_of([&] { with<Files>([](Files& files) { files.remove("file-2"); }); }).fault, Fault::not_found);
}

TEST(JobId, SortsByTime) {
  std::string last;
  for (int64_t ms : {int64_t{0}, int64_t{1}, int64_t{31}, int64_t{32}, int64_t{1'700'000'000'000},
                     int64_t{1'700'000'000'001}, (int64_t{1} << 42) - 1}) {
    const std::string id = new_job_id(ms);
    EXPECT_EQ(id.size(), 13u);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos) << id;
    EXPECT_LT(last, id);
    last = id;
  }
  EXPECT_NE(new_job_id(5), new_job_id(5)) << "22 random bits";
}

}  // namespace
}  // namespace stoker::store
