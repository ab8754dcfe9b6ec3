#include "core/store/jobs.h"

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class JobsTest : public OpenStore {};

// Every member, in the order of the header; a new one that is not stored fails to compile or to compare.
auto members(const JobRow& r) {
  const auto& [id, name, spec, key, hash, owner, state, outcome, reason, hint, exit_code, cancel, attempt, instance,
               created, started, ended, log_bytes, parser, score, events, seq] = r;
  return std::tuple(id, name, spec, key, hash, owner, state, outcome, reason, hint, exit_code, cancel, attempt,
                    instance, created, started, ended, log_bytes, parser, score, events, seq);
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

TEST_F(JobsTest, KeepsEveryFieldOfAJob) {
  with<Jobs>([](Jobs& jobs) { jobs.insert(full_job()); });
  with<Jobs>([](Jobs& jobs) { EXPECT_EQ(members(jobs.find("job1").value()), members(full_job())); });
  with<Jobs>([](Jobs& jobs) { jobs.insert(job_named("plain")); });
  with<Jobs>([](Jobs& jobs) { EXPECT_EQ(members(jobs.find("plain").value()), members(job_named("plain"))); });
  with<Jobs>([](Jobs& jobs) { EXPECT_FALSE(jobs.find("other")); });
}

TEST_F(JobsTest, UpdatesAllButTheFixedFieldsOfAJob) {
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

TEST_F(JobsTest, MovesTheLogOnAndLeavesTheRestAlone) {
  with<Jobs>([](Jobs& jobs) { jobs.insert(job_named("job1")); });
  with<Jobs>([](Jobs& jobs) { jobs.update_log(full_job()); });
  JobRow expected = job_named("job1");
  expected.log_bytes = full_job().log_bytes;
  expected.parser = full_job().parser;
  expected.parser_score = full_job().parser_score;
  expected.parser_events = full_job().parser_events;
  with<Jobs>([&](Jobs& jobs) { EXPECT_EQ(members(jobs.find("job1").value()), members(expected)); });

  const Error error = error_of([&] { with<Jobs>([](Jobs& jobs) { jobs.update_log(job_named("other")); }); });
  EXPECT_STREQ(error.what(), "no job other");
}

TEST_F(JobsTest, NeverTakesBackARequestToCancel) {
  with<Jobs>([](Jobs& jobs) {
    jobs.insert(job_named("a"));
    const JobRow stale = jobs.find("a").value();
    jobs.request_cancel("a");
    jobs.update(stale);
    EXPECT_TRUE(jobs.find("a")->cancel_requested);
  });
}

TEST_F(JobsTest, ListsJobsNewestFirstInPages) {
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

TEST_F(JobsTest, KeepsIdempotencyKeysUniqueForEachOwner) {
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

TEST_F(JobsTest, NamesEveryStateBothWays) {
  for (int i = 0; i <= static_cast<int>(JobState::cancelled); ++i)
    EXPECT_EQ(job_state(to_string(JobState(i))), JobState(i));
  EXPECT_STREQ(to_string(JobState::provisioning), "provisioning");
  const Error error = error_of([] { job_state("dead"); });
  EXPECT_EQ(error.fault, Fault::internal);
  EXPECT_STREQ(error.what(), "unknown job state \"dead\" in the store");
}

TEST_F(JobsTest, FindsWhatSucceededWithATemplate) {
  const auto add = [&](const std::string& id, const std::string& spec, JobState state, const std::string& owner) {
    JobRow job = job_named(id);
    job.spec = spec;
    job.state = state;
    job.owner = owner;
    with<Jobs>([&](Jobs& jobs) { jobs.insert(job); });
  };
  add("old", R"({"template":"sft"})", JobState::succeeded, "app");
  add("plain", R"({"run":"sft"})", JobState::succeeded, "app");
  add("other", R"({"template":"dpo"})", JobState::succeeded, "app");
  add("failed", R"({"template":"sft"})", JobState::failed, "app");
  add("foreign", R"({"template":"sft"})", JobState::succeeded, "admin");
  add("new", R"({"template":"sft"})", JobState::succeeded, "app");
  std::vector<std::string> ids;
  with<Jobs>([&](Jobs& jobs) {
    for (const JobRow& job : jobs.succeeded_with("sft", "app", 10)) ids.push_back(job.id);
    EXPECT_EQ(jobs.succeeded_with("sft", "app", 1).size(), 1U);
  });
  EXPECT_EQ(ids, (std::vector<std::string>{"new", "old"}));
}

}  // namespace
}  // namespace stoker::store
