#include "core/api/route.h"

#include "core/api/openai/openai.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"

namespace stoker::api {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kBytes = "application/octet-stream";

const std::vector<Parameter> kPaging = {{"limit", "integer", "how many at most, 1 to 1000; 50 by default"},
                                        {"after", "string", "last_id of the page before"}};

// `{name...}` takes the rest of the path, at least one part.
bool fits(std::string_view pattern, const std::vector<std::string>& path, std::vector<std::string>& parameters) {
  parameters.clear();
  size_t at = 0;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (at == path.size()) return false;
    if (part.ends_with("...}")) {
      std::string rest = path[at];
      for (size_t i = at + 1; i < path.size(); ++i) rest += "/" + path[i];
      parameters.push_back(std::move(rest));
      return true;
    }
    if (part.starts_with('{')) {
      parameters.push_back(path[at]);
    } else if (part != path[at]) {
      return false;
    }
    ++at;
  }
  return at == path.size();
}

std::vector<Route> job_routes() {
  return {
      {"POST",
       "/v1/jobs",
       Scope::run,
       submit_job,
       kJson,
       kMaxJsonBytes,
       202,
       "Job",
       "JobSpec",
       "Submit a job. Idempotency-Key makes repeating it safe.",
       {}},
      {"GET", "/v1/jobs", Scope::run, list_jobs, nullptr, 0, 200, "JobList", nullptr, "List jobs, newest first.",
       kPaging},
      {"GET", "/v1/jobs/{id}", Scope::run, get_job, nullptr, 0, 200, "Job", nullptr, "Show a job.", {}},
      {"POST",
       "/v1/jobs/{id}/cancel",
       Scope::run,
       cancel_job,
       nullptr,
       0,
       202,
       "Job",
       nullptr,
       "Ask a job to stop; 409 when it has ended.",
       {}},
      {"GET",
       "/v1/jobs/{id}/events",
       Scope::run,
       get_events,
       nullptr,
       0,
       200,
       nullptr,
       nullptr,
       "Follow a job as server-sent events until it ends. Last-Event-ID or after resumes.",
       {{"after", "integer", "the id of the last event that is known already"}}},
      {"GET",
       "/v1/jobs/{id}/log",
       Scope::run,
       get_log,
       nullptr,
       0,
       200,
       nullptr,
       nullptr,
       "The bytes of the training log. Range is honoured.",
       {{"follow", "boolean", "go on until the job ends"}, {"from", "integer", "with follow: the first byte"}}},
      {"GET",
       "/v1/jobs/{id}/metrics",
       Scope::run,
       get_metrics,
       nullptr,
       0,
       200,
       "MetricList",
       nullptr,
       "The metrics of a job as series.",
       {{"names", "string", "comma-separated; all by default"},
        {"max_points", "integer", "thin each series to this many"}}},
      {"GET",
       "/v1/jobs/{id}/artifacts",
       Scope::run,
       list_artifacts,
       nullptr,
       0,
       200,
       "ArtifactList",
       nullptr,
       "List the files that came home.",
       {}},
      {"GET",
       "/v1/jobs/{id}/artifacts/{path...}",
       Scope::run,
       get_artifact,
       nullptr,
       0,
       200,
       nullptr,
       nullptr,
       "Download one. Range is honoured.",
       {}},
  };
}

std::vector<Route> instance_routes() {
  return {
      {"GET", "/v1/instances", Scope::run, list_instances, nullptr, 0, 200, "InstanceList", nullptr,
       "List what is or was rented, newest first.", kPaging},
      {"GET",
       "/v1/instances/{id}",
       Scope::run,
       get_instance,
       nullptr,
       0,
       200,
       "Instance",
       nullptr,
       "Show an instance.",
       {}},
      {"DELETE",
       "/v1/instances/{id}",
       Scope::admin,
       destroy_instance,
       nullptr,
       0,
       202,
       "Instance",
       nullptr,
       "Destroy it; it is billed until its state is gone.",
       {}},
      {"PUT",
       "/v1/instances/{id}/keep",
       Scope::admin,
       keep_instance,
       kJson,
       kMaxJsonBytes,
       200,
       "Instance",
       "Keep",
       "Let it outlive its job.",
       {}},
      {"DELETE",
       "/v1/instances/{id}/keep",
       Scope::admin,
       stop_keeping_instance,
       nullptr,
       0,
       200,
       "Instance",
       nullptr,
       "Keep it no longer.",
       {}},
      {"POST",
       "/v1/instances/{id}/hold",
       Scope::admin,
       hold_instance,
       nullptr,
       0,
       200,
       "Instance",
       nullptr,
       "Say that a kept one is in use: its idle time begins anew, and no job takes it for two minutes.",
       {}},
      {"DELETE",
       "/v1/instances/{id}/hold",
       Scope::admin,
       release_instance,
       nullptr,
       0,
       200,
       "Instance",
       nullptr,
       "Say that it is in use no more.",
       {}},
      {"POST",
       "/v1/instances/{id}/access",
       Scope::admin,
       open_access,
       nullptr,
       0,
       200,
       "Access",
       nullptr,
       "What an SSH client needs to log in: address, pinned host key and private key. Each call is logged.",
       {}},
  };
}

std::vector<Route> account_routes() {
  return {
      {"GET",
       "/v1/providers/{id}/setup",
       Scope::admin,
       get_setup,
       nullptr,
       0,
       200,
       "Setup",
       nullptr,
       "What connecting an account asks for, in order, and the permissions to grant.",
       {}},
      {"POST",
       "/v1/accounts",
       Scope::admin,
       connect_account,
       kJson,
       kMaxJsonBytes,
       201,
       "Account",
       "NewAccount",
       "Connect an account; its credential is checked against the cloud first.",
       {}},
      {"GET",
       "/v1/accounts",
       Scope::admin,
       list_accounts,
       nullptr,
       0,
       200,
       "AccountList",
       nullptr,
       "List accounts.",
       {}},
      {"GET",
       "/v1/accounts/{id}",
       Scope::admin,
       get_account,
       nullptr,
       0,
       200,
       "Account",
       nullptr,
       "Show an account.",
       {}},
      {"PATCH",
       "/v1/accounts/{id}",
       Scope::admin,
       change_account,
       kJson,
       kMaxJsonBytes,
       200,
       "Account",
       "AccountChange",
       "Replace its credential or settings; the new ones are checked against the cloud first.",
       {}},
      {"DELETE",
       "/v1/accounts/{id}",
       Scope::admin,
       remove_account,
       nullptr,
       0,
       204,
       nullptr,
       nullptr,
       "Forget it; 409 while it owns machines.",
       {}},
      {"POST",
       "/v1/accounts/{id}/check",
       Scope::admin,
       check_account,
       nullptr,
       0,
       200,
       "Account",
       nullptr,
       "Ask the cloud whether its credential still works.",
       {}},
  };
}

std::vector<Route> token_routes() {
  return {
      {"POST",
       "/v1/tokens",
       Scope::admin,
       create_token,
       kJson,
       kMaxJsonBytes,
       201,
       "CreatedToken",
       "NewToken",
       "Make a token for an app; the answer alone shows it.",
       {}},
      {"GET",
       "/v1/tokens",
       Scope::admin,
       list_tokens,
       nullptr,
       0,
       200,
       "TokenList",
       nullptr,
       "List the tokens of apps, oldest first.",
       {}},
      {"DELETE",
       "/v1/tokens/{id}",
       Scope::admin,
       revoke_token,
       nullptr,
       0,
       204,
       nullptr,
       nullptr,
       "Revoke it; its next call is refused.",
       {}},
  };
}

std::vector<Route> ssh_key_routes() {
  return {
      {"POST",
       "/v1/ssh-keys",
       Scope::admin,
       create_ssh_key,
       kJson,
       kMaxJsonBytes,
       201,
       "CreatedSshKey",
       "NewSshKey",
       "Let the owner of a key log in to what is rented from now on. Without public_key one is made, and the answer "
       "alone shows its private half.",
       {}},
      {"GET",
       "/v1/ssh-keys",
       Scope::admin,
       list_ssh_keys,
       nullptr,
       0,
       200,
       "SshKeyList",
       nullptr,
       "List the user's SSH keys, oldest first.",
       {}},
      {"DELETE",
       "/v1/ssh-keys/{id}",
       Scope::admin,
       remove_ssh_key,
       nullptr,
       0,
       204,
       nullptr,
       nullptr,
       "Forget it; machines that are rented already keep it.",
       {}},
  };
}

std::vector<Route> offer_routes() {
  return {
      {"GET",
       "/v1/offers",
       Scope::run,
       list_offers,
       nullptr,
       0,
       200,
       "OfferList",
       nullptr,
       "List what can be rented now over all accounts, cheapest first; accounts that failed are named beside.",
       {{"gpu", "string", "MODEL or MODEL:COUNT, for example H100:8"},
        {"count", "integer", "so many GPUs"},
        {"provider", "string", "of this provider or account only"},
        {"region", "string", "in this region only"},
        {"spot", "boolean", "spot machines instead"},
        {"max_price", "number", "per hour at most"},
        {"sold_out", "boolean", "also what can not be had now"},
        {"fresh", "boolean", "ask clouds again that answered less than a minute ago"},
        {"limit", "integer", "how many at most"},
        {"template", "string", "with a GPU that suffices for this training template"},
        {"params", "string", "the template's parameters, as JSON"}}},
      {"POST",
       "/v1/estimates",
       Scope::run,
       estimate_cost,
       kJson,
       kMaxJsonBytes,
       200,
       "Estimate",
       "JobSpec",
       "Tell what a job would cost, and what that rests on.",
       {{"hours", "number", "how long it takes; else as long as earlier jobs of its name"}}},
  };
}

std::vector<Route> template_routes() {
  return {
      {"GET",
       "/v1/templates",
       Scope::run,
       list_templates,
       nullptr,
       0,
       200,
       "TemplateList",
       nullptr,
       "List the training templates.",
       {}},
      {"GET",
       "/v1/templates/{id}",
       Scope::run,
       get_template,
       nullptr,
       0,
       200,
       "Template",
       nullptr,
       "Show a training template and its parameters.",
       {}},
  };
}

std::vector<Route> all_routes() {
  std::vector<Route> table = {
      {"GET",
       "/v1/health",
       Scope::none,
       get_health,
       nullptr,
       0,
       200,
       "Health",
       nullptr,
       "Whether the agent is there.",
       {}},
      {"GET", "/openapi.json", Scope::run, get_openapi, nullptr, 0, 200, "OpenApi", nullptr, "This description.", {}},
      {"GET",
       "/v1/plugins",
       Scope::run,
       list_plugins,
       nullptr,
       0,
       200,
       "PluginList",
       nullptr,
       "List plugins, and why one is not loaded.",
       {}},
      {"POST",
       "/v1/files",
       Scope::run,
       upload_file,
       kBytes,
       0,
       201,
       "File",
       nullptr,
       "Upload an input; a job names it as file:<id>. Its length need not be known: chunked is taken.",
       {{"name", "string", "a label"}},
       true},
      {"GET", "/v1/files", Scope::run, list_files, nullptr, 0, 200, "FileList", nullptr,
       "List uploaded files, newest first.", kPaging},
      {"GET", "/v1/files/{id}", Scope::run, get_file, nullptr, 0, 200, "File", nullptr, "Show an uploaded file.", {}},
      {"DELETE",
       "/v1/files/{id}",
       Scope::run,
       delete_file,
       nullptr,
       0,
       204,
       nullptr,
       nullptr,
       "Remove an uploaded file.",
       {}},
  };
  for (auto&& more : {job_routes(), instance_routes(), account_routes(), token_routes(), ssh_key_routes(),
                      offer_routes(), template_routes(), openai::routes()})
    table.insert(table.end(), more.begin(), more.end());
  return table;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> table = all_routes();
  return table;
}

RouteMatch match_route(std::string_view method, const std::vector<std::string>& path) {
  RouteMatch match;
  std::vector<std::string> parameters;
  for (const Route& route : routes()) {
    if (!fits(route.path, path, parameters)) continue;
    if (route.method == method) {
      match.route = &route;
      match.parameters = std::move(parameters);
    } else {
      match.others.push_back(&route);
    }
  }
  return match;
}

}  // namespace stoker::api
