#include "core/jobs/supervisor.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <stop_token>
#include <system_error>

#include "core/error.h"
#include "core/jobs/inputs.h"
#include "core/jobs/job_run.h"
#include "core/jobs/machine_keys.h"
#include "core/jobs/needs.h"
#include "core/jobs/request_hash.h"
#include "core/private_file.h"
#include "core/store/job_id.h"

namespace stoker::jobs {

using store::JobRow;
using store::JobState;

namespace {

// What could not be recorded later must not begin. The empty write takes the reserve again where there is room by now.
void check_room(store::Database& db) {
  if (db.has_reserve()) return;
  db.write("reserve", [](store::Connection&) {});
  if (!db.has_reserve())
    throw Error(Fault::unavailable, "the disk of the state folder is full: no new job is taken",
                "free space on that disk, then submit again");
}

// Known before anything is looked for.
void check_spot(const PipelineContext& ctx, const std::vector<fleet::UsableAccount>& accounts, const JobSpec& spec) {
  if (!spec.resources.spot) return;
  std::string names;
  for (const fleet::UsableAccount& account : accounts) {
    if ((ctx.browser(account.id)->facts().capabilities & STOKER_CAP_SPOT) != 0) return;
    if (names.find(account.provider) == std::string::npos) names += (names.empty() ? "" : " and ") + account.provider;
  }
  throw Error(Fault::invalid, "resources.spot: " + (names.empty() ? "no account" : names) + " has no spot machines",
              "leave resources.spot out, or name a provider that has them", "resources.spot");
}

}  // namespace

struct Supervisor::Running {
  std::stop_source interrupt, closing;
  bool done = false;  // guarded by the supervisor's mutex
  std::thread thread;
};

Supervisor::Supervisor(PipelineContext context) : context_(std::move(context)) {}

Supervisor::~Supervisor() {
  std::map<std::string, std::unique_ptr<Running>> running;
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    running.swap(running_);
  }
  for (auto& [id, job] : running) {
    job->closing.request_stop();
    job->interrupt.request_stop();
  }
  for (auto& [id, job] : running) context_.clock.join(job->thread);
}

void Supervisor::resume() {
  erase_leftovers();
  for (const JobRow& job : context_.db.read([](store::Connection& c) { return store::Jobs(c).open(); })) launch(job.id);
}

// Secrets of jobs that were never committed, and of those whose kept machine is gone since.
void Supervisor::erase_leftovers() {
  std::set<std::string> jobs;
  for (const std::string& name : context_.vault.names("job/")) jobs.insert(name.substr(4, name.find('/', 4) - 4));
  for (const std::string& id : jobs) erase_unneeded_keys(context_, id);
}

JobSpec Supervisor::read_spec(const std::string& json, bool admin) const {
  const auto accounts = context_.accounts();
  SpecRules rules{admin, context_.providers, {}, &context_.templates};
  for (const plugin_host::LogParser* parser : context_.log_parsers()) rules.log_parsers.push_back(parser->id());
  for (const fleet::UsableAccount& account : accounts)
    if (account.connected) rules.providers.push_back(account.id);
  JobSpec spec = parse_spec(json, rules);
  check_spot(context_, candidates(spec, accounts, context_.browser), spec);
  return spec;
}

JobRow Supervisor::submit(const Submission& submission) {
  const JobSpec spec = read_spec(submission.spec_json, submission.admin);
  check_inputs(context_, spec, submission.owner, submission.admin);
  check_room(context_.db);

  JobRow job;
  job.id = store::new_job_id(context_.clock.wall_ms());
  job.name = spec.name;
  job.spec = to_json(spec);
  job.idempotency_key = submission.idempotency_key;
  // Of what is stored, not of what was sent: a hash of secrets would let a reader of the store try guesses.
  job.request_hash = request_hash(job.spec);
  job.owner = submission.owner;
  const auto earlier = [&](store::Connection& c) -> std::optional<JobRow> {
    if (submission.earlier)
      if (auto found = submission.earlier(c)) return found;
    if (job.idempotency_key.empty()) return std::nullopt;
    auto found = store::Jobs(c).find_idempotent(job.owner, job.idempotency_key);
    if (found && found->request_hash != job.request_hash)
      throw Error(Fault::conflict, "this Idempotency-Key was used for another job spec", "use a new key for a new job");
    return found;
  };
  if (auto found = context_.db.read(earlier)) return *found;

  ensure_private_folder(context_.state_dir / "jobs" / job.id);
  for (const auto& [name, value] : spec.secrets) context_.vault.put("job/" + job.id + "/secret/" + name, value);
  bool fresh = true;
  const JobRow stored = context_.db.write("submit", [&](store::Connection& connection) {
    if (auto found = earlier(connection)) return fresh = false, *found;
    job.created_ms = context_.clock.wall_ms();  // under the lock, so that the order of rows is that of time
    store::Jobs(connection).insert(job);
    append_event(context_, connection, job.id, "state", R"({"state":"queued"})");
    if (submission.also) submission.also(connection, job);
    return store::Jobs(connection).find(job.id).value();
  });
  if (!fresh) {
    context_.vault.erase_all("job/" + job.id + "/");
    std::error_code ignored;
    std::filesystem::remove(context_.state_dir / "jobs" / job.id, ignored);
    return stored;
  }
  context_.feed.publish(job.id);
  launch(job.id);
  return stored;
}

JobRow Supervisor::cancel(const std::string& id) {
  const JobRow job = context_.db.write("cancel", [&](store::Connection& connection) {
    store::Jobs jobs(connection);
    const auto found = jobs.find(id);
    if (!found) throw Error(Fault::not_found, "no job " + id, "stoker jobs lists them");
    if (is_terminal(found->state))
      throw Error(Fault::conflict, "job " + id + " has ended already: it is " + to_string(found->state));
    jobs.request_cancel(id);
    return jobs.find(id).value();
  });
  std::lock_guard lock(mutex_);
  if (const auto it = running_.find(id); it != running_.end()) it->second->interrupt.request_stop();
  return job;
}

void Supervisor::launch(const std::string& id) {
  reap();
  std::lock_guard lock(mutex_);
  if (closing_) return;
  auto [it, fresh] = running_.try_emplace(id, std::make_unique<Running>());
  if (!fresh) return;
  Running& job = *it->second;
  try {
    job.thread = context_.clock.start("job-" + id.substr(5), [this, id, &job] {
      carry(id, job);
      std::lock_guard done(mutex_);
      job.done = true;
    });
  } catch (const std::system_error& error) {
    running_.erase(it);
    if (context_.alarm)
      context_.alarm("no thread for job " + id + ": " + error.what() + "; it begins with the next start of the agent");
  }
}

// Nothing may escape from a job's thread: that would be the end of the agent, and of all jobs.
void Supervisor::carry(const std::string& id, Running& job) {
  while (!job.closing.stop_requested()) {
    try {
      const auto row = context_.db.read([&](store::Connection& c) { return store::Jobs(c).find(id); });
      if (row) JobRun(context_, *row, job.interrupt.get_token(), job.closing.get_token()).run();
      return;
    } catch (const std::exception& error) {
      if (context_.alarm) context_.alarm("job " + id + " can not be taken up: " + error.what() + "; trying again");
      context_.clock.sleep(kMinute, {job.closing.get_token()});
    }
  }
}

// Joins the threads of jobs that have ended.
void Supervisor::reap() {
  std::vector<std::unique_ptr<Running>> ended;
  {
    std::lock_guard lock(mutex_);
    for (auto it = running_.begin(); it != running_.end();) {
      if (!it->second->done) {
        ++it;
        continue;
      }
      ended.push_back(std::move(it->second));
      it = running_.erase(it);
    }
  }
  for (const auto& job : ended) context_.clock.join(job->thread);
}

}  // namespace stoker::jobs
