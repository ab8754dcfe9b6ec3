#include "core/jobs/machine_keys.h"

#include <algorithm>

#include "core/store/jobs.h"

namespace stoker::jobs {

std::string key_name(const std::string& job_id, const char* kind, int attempt) {
  return "job/" + job_id + "/" + kind + "/" + std::to_string(attempt);
}

remote::Target login_target(const PipelineContext& ctx, const store::InstanceRow& machine,
                            const std::string& private_key) {
  remote::Target target{machine.ssh_host, static_cast<uint16_t>(machine.ssh_port), machine.ssh_user, private_key,
                        machine.host_public_key};
  if (!target.private_key.empty()) return target;
  const auto key = ctx.vault.get(key_name(machine.job_id, "ssh", machine.attempt));
  if (!key) throw Error(Fault::internal, "the SSH key of " + machine.id + " is not in the vault");
  target.private_key = key->view();
  return target;
}

remote::Target find_login(const PipelineContext& ctx, const store::InstanceRow& machine, const Wait& wait) {
  if (machine.phase != store::InstancePhase::alive || machine.ssh_host.empty() || machine.host_public_key.empty())
    throw Error(Fault::conflict, "nobody can log in to " + machine.id + ": it is " + to_string(machine.phase),
                "stoker instances shows how far it is");
  const plugin_host::Instance now = ctx.provider(machine.account)->get(fleet::ref_of(machine), wait);
  if (now.state != plugin_host::InstanceState::running)
    throw Error(Fault::conflict, "nobody can log in to " + machine.id + ": " + machine.provider + " says that it is " +
                                     to_string(now.state));
  store::InstanceRow found = machine;
  if (!now.ssh_host.empty()) {
    found.ssh_host = now.ssh_host;
    found.ssh_port = static_cast<int>(now.ssh_port);
  }
  return login_target(ctx, found, now.ssh_private_key);
}

void erase_unneeded_keys(const PipelineContext& ctx, const std::string& job_id) {
  const bool needed = ctx.db.read([&](store::Connection& c) {
    const auto job = store::Jobs(c).find(job_id);
    if (!job) return false;
    const auto rows = store::Instances(c).of_job(job_id);
    return !is_terminal(job->state) || std::any_of(rows.begin(), rows.end(), [](const store::InstanceRow& row) {
      return row.phase != store::InstancePhase::refused && row.phase != store::InstancePhase::gone;
    });
  });
  if (!needed) ctx.vault.erase_all("job/" + job_id + "/");
}

}  // namespace stoker::jobs
