#include "core/jobs/pipeline.h"

#include "core/store/events.h"
#include "core/store/jobs.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

std::string instance_event(const store::InstanceRow& row) {
  JsonWriter json;
  json.begin_object()
      .member("id", row.id)
      .member("state", store::to_string(row.phase))
      .member("provider", row.provider);
  json.member("region", row.region).member("machine", row.machine);
  if (row.holder != row.job_id) json.member("reused", true);
  if (!row.cloud_state.empty()) json.member("cloud_state", row.cloud_state);
  if (!row.reason.empty()) json.member("reason", row.reason);
  return json.end_object().str();
}

}  // namespace

void append_event(const PipelineContext& ctx, store::Connection& connection, const std::string& job_id,
                  std::string_view kind, std::string_view data) {
  const int64_t now = ctx.clock.wall_ms();
  std::string stamped = R"({"t":)" + std::to_string(now);
  if (data.size() > 2)
    stamped.append(",").append(data.substr(1));
  else
    stamped.append("}");
  store::Events(connection).append(job_id, now, kind, stamped);
}

fleet::FleetContext fleet_context(const PipelineContext& ctx) {
  const auto changed = [&ctx](store::Connection& connection, const store::InstanceRow& row) {
    if (store::Jobs(connection).find(row.holder))
      append_event(ctx, connection, row.holder, "instance", instance_event(row));
  };
  const auto committed = [&ctx](const std::string& job_id) { ctx.feed.publish(job_id); };
  return {ctx.clock, ctx.db, ctx.fleet_work, ctx.provider, ctx.install_id, changed, committed, ctx.alarm};
}

}  // namespace stoker::jobs
