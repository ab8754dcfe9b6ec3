#include "core/jobs/warm_start.h"

#include <algorithm>

#include "core/fleet/takeover.h"
#include "core/jobs/needs.h"

namespace stoker::jobs {
namespace {

constexpr int64_t kReachMs = 20 * kSecond;  // it runs already: what does not answer soon is not worth waiting for

// Another job was quicker, or somebody changed the machine.
struct Taken {};

fleet::TakeoverRequest request_of(const JobRun& run, int attempt) {
  fleet::TakeoverRequest request;
  request.job_id = run.row.id;
  request.owner = run.row.owner;
  request.attempt = attempt;
  for (const fleet::UsableAccount& account : candidates(run.spec, run.ctx.accounts(), run.ctx.browser))
    request.accounts.push_back(account.id);
  request.by_account = !run.spec.providers.empty();
  request.query = query_of(run.spec);
  request.image = run.spec.resources.image;
  request.max_cost = run.spec.max_cost;
  request.max_hours = run.spec.max_hours;
  return request;
}

bool is_reached(JobRun& run, const store::InstanceRow& machine) {
  try {
    run.try_login(machine, kReachMs);
    return true;
  } catch (const Error& error) {
    run.disconnect();
    if (run.wait().cancel.stop_requested() || store::is_store_error(error)) throw;
    if (run.ctx.alarm)
      run.ctx.alarm("job " + run.row.id + ": the kept machine " + machine.id + " can not be used: " + error.what() +
                    "; looking for another. `stoker destroy " + machine.id + "` ends it");
    return false;
  }
}

}  // namespace

// What is kept is tried before it is taken: taking is one commit, and nothing has to be undone.
bool take_warm_machine(JobRun& run, int attempt, std::set<std::string>& out_of_reach) {
  const fleet::TakeoverRequest request = request_of(run, attempt);
  const auto warm =
      run.ctx.db.read([&](store::Connection& c) { return fleet::warm_machines(c, request, run.ctx.clock.wall_ms()); });
  for (const store::InstanceRow& machine : warm) {
    if (out_of_reach.contains(machine.id)) continue;
    if (!is_reached(run, machine)) {
      out_of_reach.insert(machine.id);
      continue;
    }
    try {
      run.commit(
          "take over",
          [&](store::JobRow& it) {
            it.instance_id = machine.id;
            it.attempt = attempt;
            it.state = store::JobState::connecting;
          },
          [&](store::Connection& connection) {
            const auto row = fleet::take_over(connection, request, machine.id, run.ctx.clock.wall_ms());
            if (!row) throw Taken();
            run.fleet.changed(connection, *row);
          });
      return true;
    } catch (const Taken&) {
      run.disconnect();
    }
  }
  return false;
}

std::string folder_of(const store::UseRow& use) { return use.job_id + "-" + std::to_string(use.attempt); }

std::string serving_folder_of(const store::UseRow& use) { return folder_of(use) + "-serve"; }

void clean_up_after_others(JobRun& run, remote::RunnerClient& runner) {
  const store::InstanceRow machine = run.instance();
  if (machine.job_id == run.row.id) return;
  const auto uses = run.ctx.db.read([&](store::Connection& c) { return store::Instances(c).uses(machine.id); });
  std::vector<std::string> folders;
  // Each of them cleaned up after those before it.
  for (auto use = uses.rbegin(); use != uses.rend() && folders.empty(); ++use)
    if (use->job_id != run.row.id) folders = {serving_folder_of(*use), folder_of(*use)};
  runner.clean_others(folders, run.wait());
}

}  // namespace stoker::jobs
