#include <simdjson.h>

#include <algorithm>

#include "core/api/json_values.h"
#include "core/api/page.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/fleet/fleet.h"
#include "core/jobs/machine_keys.h"
#include "core/store/jobs.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

constexpr int64_t kMaxKeepMinutes = 60 * 24 * 365;
constexpr int64_t kAccessMs = 30 * kSecond;
constexpr int64_t kHoldMs = 2 * kMinute;  // a caller that goes on using it says so once a minute

// Which jobs had it, since when none has it, what that cost, and when it goes if none comes.
void write_idleness(JsonWriter& json, const ServerContext& context, const store::InstanceRow& row) {
  const int64_t now = context.clock.wall_ms();
  const auto [uses, idle_cost] = context.db.read([&](store::Connection& c) {
    return std::pair(store::Instances(c).uses(row.id), fleet::Fleet::idle_cost_of(c, row, now));
  });
  const bool idle = row.phase == store::InstancePhase::alive && row.kept && !uses.empty() && uses.back().until_ms > 0;
  int64_t goes_ms = row.deadline_ms;
  if (idle && row.keep_until_ms > 0) {
    const int64_t until = std::max(row.keep_until_ms, row.busy_until_ms);
    goes_ms = goes_ms > 0 ? std::min(goes_ms, until) : until;
  }
  json.member("holder", row.holder).member("jobs", static_cast<int64_t>(uses.size())).member("idle", idle);
  write_time(json, "idle_since_ms", idle ? uses.back().until_ms : 0);
  write_time(json, "goes_ms", row.gone_ms > 0 ? 0 : goes_ms);
  json.member("idle_cost", units(idle_cost.micros_so_far));
}

void write_instance(JsonWriter& json, const ServerContext& context, const store::InstanceRow& row) {
  json.begin_object()
      .member("id", row.id)
      .member("job_id", row.job_id)
      .member("attempt", row.attempt)
      .member("provider", to_utf8(row.provider))
      .member("account", to_utf8(row.account))
      .member("state", store::to_string(row.phase))
      .member("cloud_id", to_utf8(row.cloud_id))
      .member("cloud_state", to_utf8(row.cloud_state))
      .member("machine", to_utf8(row.machine))
      .member("region", to_utf8(row.region))
      .member("zone", to_utf8(row.zone))
      .member("ssh_host", to_utf8(row.ssh_host))
      .member("ssh_port", row.ssh_port)
      .member("ssh_user", to_utf8(row.ssh_user))
      .member("reason", to_utf8(row.reason))
      .member("kept", row.kept);
  write_time(json, "keep_until_ms", row.keep_until_ms);
  write_time(json, "created_ms", row.created_ms);
  write_time(json, "billed_from_ms", row.billed_from_ms);
  write_time(json, "deadline_ms", row.deadline_ms);
  write_time(json, "gone_ms", row.gone_ms);
  write_cost(json, fleet::Fleet::cost_of(row, context.clock.wall_ms()));
  write_idleness(json, context, row);
  json.end_object();
}

Reply instance_reply(const ServerContext& context, const store::InstanceRow& row, int status) {
  JsonWriter json;
  write_instance(json, context, row);
  Reply reply;
  reply.status = status;
  reply.body = json.str();
  return reply;
}

// Jobs belong to tokens, and instances to jobs.
bool visible(const ServerContext& context, const Caller& caller, const store::InstanceRow& row) {
  if (caller.admin()) return true;
  const auto job =
      context.db.read([&](store::Connection& connection) { return store::Jobs(connection).find(row.job_id); });
  return job && caller.may_see(job->owner);
}

std::optional<int64_t> idle_minutes(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS)
    throw Error(Fault::invalid, "the body is not a JSON object", "{} keeps it until it is destroyed");
  std::optional<int64_t> minutes;
  for (const auto [key, value] : object) {
    if (key != "idle_minutes")
      throw Error(Fault::invalid, "there is no key " + to_utf8(key), "the only key is idle_minutes", to_utf8(key));
    int64_t number = 0;
    if (value.is_null()) continue;
    if (value.get(number) != simdjson::SUCCESS || number < 1 || number > kMaxKeepMinutes)
      throw Error(Fault::invalid, "idle_minutes is not a whole number from 1 to 525600", {}, "idle_minutes");
    minutes = number;
  }
  return minutes;
}

}  // namespace

Reply list_instances(const ServerContext& context, const Request& request) {
  const auto page = collect_page<store::InstanceRow>(
      request.target, [&](int limit, const std::string& after) { return context.fleet.list(limit, after); },
      [&](const store::InstanceRow& row) { return visible(context, request.caller, row); });
  Reply reply;
  reply.body =
      to_json(page, [&](JsonWriter& json, const store::InstanceRow& row) { write_instance(json, context, row); });
  return reply;
}

Reply get_instance(const ServerContext& context, const Request& request) {
  const store::InstanceRow row = context.fleet.get(request.parameters.at(0));
  if (!visible(context, request.caller, row))
    throw Error(Fault::not_found, "no instance " + row.id, "stoker instances lists them");
  return instance_reply(context, row, 200);
}

Reply destroy_instance(const ServerContext& context, const Request& request) {
  return instance_reply(context, context.fleet.destroy(request.parameters.at(0), "destroyed by " + request.caller.name),
                        202);
}

Reply keep_instance(const ServerContext& context, const Request& request) {
  const auto minutes = idle_minutes(read_body(request.body));
  return instance_reply(context, context.fleet.keep(request.parameters.at(0), minutes), 200);
}

Reply stop_keeping_instance(const ServerContext& context, const Request& request) {
  return instance_reply(context, context.fleet.stop_keeping(request.parameters.at(0)), 200);
}

// The private key goes to the caller and nowhere else; that it did is logged.
Reply open_access(const ServerContext& context, const Request& request) {
  const store::InstanceRow row = context.fleet.get(request.parameters.at(0));
  const Wait wait{context.closing, context.clock.mono_ms() + kAccessMs};
  const remote::Target target = jobs::find_login(context.pipeline, row, wait);
  context.fleet.hold(row.id, kHoldMs);
  if (context.pipeline.alarm) context.pipeline.alarm(request.caller.name + " was given the SSH key of " + row.id);
  JsonWriter json;
  json.begin_object().member("id", row.id).member("host", target.host).member("port", int{target.port});
  json.member("user", target.user).member("host_public_key", target.host_public_key);
  json.member("private_key", target.private_key).end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply release_instance(const ServerContext& context, const Request& request) {
  context.fleet.hold(request.parameters.at(0), 0);
  return instance_reply(context, context.fleet.get(request.parameters.at(0)), 200);
}

Reply hold_instance(const ServerContext& context, const Request& request) {
  context.fleet.hold(request.parameters.at(0), kHoldMs);
  return instance_reply(context, context.fleet.get(request.parameters.at(0)), 200);
}

}  // namespace stoker::api
