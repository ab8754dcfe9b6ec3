// Takes a kept machine that fits; else chooses an offer, commits the intent and makes the machine, or takes up what an
// earlier agent began.
#include <algorithm>
#include <set>

#include "core/fleet/creation.h"
#include "core/fleet/estimate.h"
#include "core/fleet/intent.h"
#include "core/fleet/user_data.h"
#include "core/jobs/login_keys.h"
#include "core/jobs/machine_keys.h"
#include "core/jobs/offer_search.h"
#include "core/jobs/stages.h"
#include "core/jobs/warm_start.h"
#include "core/remote/ssh_key.h"

namespace stoker::jobs {
namespace {

using store::InstancePhase;
using store::InstanceRow;
using store::JobState;

constexpr int kMaxAttempts = 10;

// Made once an attempt: a repeated create must send the same keys. `further`: other lines that go with the public one.
remote::SshKey key_of_attempt(JobRun& run, const char* kind, int attempt, const std::string& further = {}) {
  const std::string name = key_name(run.row.id, kind, attempt);
  const auto secret = run.ctx.vault.get(name);
  const auto line = run.ctx.vault.get(name + ".pub");
  if (secret && line) return {std::string(secret->view()), std::string(line->view())};
  remote::SshKey key = remote::generate_ssh_key("stoker-" + run.row.id);
  key.public_key += further;
  run.ctx.vault.put(name, key.private_key);
  run.ctx.vault.put(name + ".pub", key.public_key);
  return key;
}

// Ours, and after it the user's own as they were when the attempt began.
remote::SshKey login_keys(JobRun& run, int attempt) {
  return key_of_attempt(run, "ssh", attempt, further_login_lines(run.ctx.db));
}

// May be, or may become, the machine of the job.
bool is_open(const InstanceRow& row) {
  return row.phase == InstancePhase::intent || row.phase == InstancePhase::unknown || row.phase == InstancePhase::alive;
}

plugin_host::CreateRequest request_of(JobRun& run, const InstanceRow& row) {
  const plugin_host::ProviderFacts facts = run.ctx.provider(row.account)->facts();
  plugin_host::CreateRequest request;
  request.client_token = request.name = row.client_token;
  request.offer_id = row.offer_id;
  request.offer_opaque = row.offer_opaque;
  request.region = row.region;
  request.zone = row.zone;
  request.image = run.spec.resources.image;
  request.owner = run.ctx.install_id;
  request.ssh_public_key = login_keys(run, row.attempt).public_key;
  request.deadline_ms = row.made_deadline_ms;
  request.disk_bytes = static_cast<uint64_t>(run.spec.resources.disk_gb) * 1'000'000'000;
  request.max_micros_per_hour = row.price_micros + row.price_micros / 100;
  request.spot = run.spec.resources.spot;
  request.tags = {{"stk-install", run.ctx.install_id},
                  {"stk-job", run.row.id},
                  {"stk-attempt", std::to_string(row.attempt)},
                  {"stk-deadline", std::to_string(row.made_deadline_ms / 1000)}};
  if ((facts.capabilities & STOKER_CAP_HOST_KEY) == 0) {
    const remote::SshKey host = key_of_attempt(run, "host", row.attempt);
    const fleet::UserData data{host.private_key, host.public_key, request.ssh_public_key,
                               facts.power_off != STOKER_POWER_OFF_FORBIDDEN, row.made_deadline_ms};
    const bool script = (facts.capabilities & STOKER_CAP_START_SCRIPT) != 0;
    request.user_data = script ? fleet::render_start_script(data) : fleet::render_user_data(data);
  }
  return request;
}

// From intent or unknown or alive to an address. Throws no_capacity or the provider's refusal; the row is then closed.
void bring_up(JobRun& run, InstanceRow machine) {
  const bool knows_key = (run.ctx.provider(machine.account)->facts().capabilities & STOKER_CAP_HOST_KEY) != 0;
  if (machine.phase != InstancePhase::alive)
    machine = fleet::create_instance(run.fleet, machine, request_of(run, machine), run.closing(), run.wait().cancel);
  machine = fleet::await_address(run.fleet, machine, run.wait());
  if (!knows_key && machine.host_public_key.empty()) {
    const std::string line = key_of_attempt(run, "host", machine.attempt).public_key;
    machine = fleet::change(run.fleet, "host key", machine.id, [&](InstanceRow& it) { it.host_public_key = line; });
  }
  if (machine.host_public_key.empty()) {
    fleet::mark_deleting(run.fleet, machine.id, "its host key is not known");
    throw Error(Fault::unsupported, machine.provider + " does not tell the SSH host key of " + machine.id,
                "nothing is trusted on first use; choose another provider or image");
  }
}

}  // namespace

void provision(JobRun& run) {
  if (run.row.state == JobState::queued)
    run.commit("provisioning", [](store::JobRow& it) { it.state = JobState::provisioning; });
  OfferSearch search(run);
  std::set<std::string> out_of_reach;
  for (;;) {
    const std::vector<InstanceRow> attempts = search.attempts();
    const auto open = std::find_if(attempts.rbegin(), attempts.rend(), is_open);
    if (open != attempts.rend()) {
      if (run.row.instance_id != open->id)
        run.commit("attempt", [&](store::JobRow& it) {
          it.instance_id = open->id;
          it.attempt = open->attempt;
        });
      try {
        bring_up(run, *open);
        return run.commit("connecting", [](store::JobRow& it) { it.state = JobState::connecting; });
      } catch (const Error& error) {
        if (error.fault == Fault::cancelled || store::is_store_error(error)) throw;
        // A row that is not closed would be taken up again at once, for ever: its provider can not be asked.
        const auto now = run.ctx.db.read([&](store::Connection& c) { return store::Instances(c).find(open->id); });
        if (is_open(now.value())) throw;
        search.note(*now, error);
        continue;
      }
    }
    run.ctx.clock.check(run.wait(), "looking for a machine");
    const int attempt = std::max(run.row.attempt, attempts.empty() ? 0 : attempts.back().attempt) + 1;
    if (take_warm_machine(run, attempt, out_of_reach)) return;
    if (attempts.size() >= kMaxAttempts) throw search.exhausted(kMaxAttempts);
    const fleet::AccountOffer offer = search.next();
    double hours = run.spec.max_hours;
    if (hours == 0 && run.spec.max_cost == 0 && offer.offer.price.per_hour.micros > 0) hours = fleet::kDefaultMaxHours;
    login_keys(run, attempt);
    try {
      const auto disk_bytes = run.spec.resources.disk_gb * 1'000'000'000;
      fleet::commit_intent(
          run.fleet, {run.row.id, attempt, offer, run.spec.max_cost, hours, run.spec.after == After::keep,
                      run.spec.resources.image, disk_bytes, run.spec.resources.spot, run.spec.resources.gpu_count});
    } catch (const Error& error) {
      // Too dear; offers of the same provider come cheapest first, so another provider is the only way out.
      if (error.fault != Fault::invalid || store::is_store_error(error) || search.has_one_account()) throw;
      search.note(offer.account.id, error);
    }
  }
}

}  // namespace stoker::jobs
