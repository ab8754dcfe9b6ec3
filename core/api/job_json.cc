#include "core/api/job_json.h"

#include "core/api/json_values.h"
#include "core/error.h"
#include "core/fleet/fleet.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

std::vector<std::pair<store::UseRow, store::InstanceRow>> uses_of(const ServerContext& context,
                                                                  const std::string& job_id) {
  return context.db.read([&](store::Connection& c) {
    const store::Instances rows(c);
    std::vector<std::pair<store::UseRow, store::InstanceRow>> found;
    for (const store::UseRow& use : rows.uses_by_job(job_id))
      if (const auto row = rows.find(use.instance_id)) found.emplace_back(use, *row);
    return found;
  });
}

// Each machine that was tried, and why it came to nothing.
void write_attempts(JsonWriter& json, const ServerContext& context, const std::string& job_id) {
  json.key("attempts").begin_array();
  for (const auto& [use, row] : uses_of(context, job_id))
    json.begin_object()
        .member("attempt", use.attempt)
        .member("reused", row.job_id != job_id)
        .member("instance_id", row.id)
        .member("account", row.account)
        .member("provider", row.provider)
        .member("machine", to_utf8(row.machine))
        .member("region", to_utf8(row.region))
        .member("per_hour", units(row.price_micros))
        .member("currency", to_utf8(row.currency))
        .member("state", store::to_string(row.phase))
        .member("reason", to_utf8(row.reason))
        .end_object();
  json.end_array();
}

}  // namespace

store::JobRow require_job(const ServerContext& context, const Request& request) {
  const std::string& id = request.parameters.at(0);
  auto job = context.db.read([&](store::Connection& connection) { return store::Jobs(connection).find(id); });
  if (!job || !request.caller.may_see(job->owner))
    throw Error(Fault::not_found, "there is no job " + to_utf8(id), "GET /v1/jobs lists them");
  return *job;
}

void write_job(JsonWriter& json, const ServerContext& context, const store::JobRow& job) {
  json.begin_object()
      .member("id", job.id)
      .member("name", to_utf8(job.name))
      .member("owner", to_utf8(job.owner))
      .member("state", store::to_string(job.state))
      .member("outcome", job.outcome)
      .member("reason", to_utf8(job.reason))
      .member("hint", to_utf8(job.hint))
      .key("exit_code");
  job.exit_code ? json.integer(*job.exit_code) : json.null();
  json.member("cancel_requested", job.cancel_requested)
      .member("attempt", job.attempt)
      .member("instance_id", job.instance_id);
  write_time(json, "created_ms", job.created_ms);
  write_time(json, "started_ms", job.started_ms);
  write_time(json, "ended_ms", job.ended_ms);
  json.member("parser", to_utf8(job.parser))
      .member("parser_score", job.parser_score)
      .member("log_bytes", job.log_bytes)
      .member("last_seq", job.last_seq);
  write_cost(json, context.fleet.cost_of_job(job.id));
  write_attempts(json, context, job.id);
  json.key("spec").raw(job.spec).end_object();
}

std::filesystem::path log_path(const ServerContext& context, const std::string& job_id) {
  return context.state_dir / "jobs" / job_id / "log";
}

}  // namespace stoker::api
