#include "core/api/job_json.h"
#include "core/api/page.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/jobs/supervisor.h"

namespace stoker::api {
namespace {

constexpr size_t kMaxIdempotencyKey = 255;

std::string job_body(const ServerContext& context, const store::JobRow& job) {
  JsonWriter json;
  write_job(json, context, job);
  return json.str();
}

std::string idempotency_key(const Head& head) {
  if (head.count("Idempotency-Key") > 1)
    throw Error(Fault::invalid, "Idempotency-Key is given more than once", {}, "Idempotency-Key");
  const auto key = head.find("Idempotency-Key");
  if (!key) return {};
  if (key->empty() || key->size() > kMaxIdempotencyKey)
    throw Error(Fault::invalid, "Idempotency-Key is empty or longer than 255 bytes", {}, "Idempotency-Key");
  return std::string(*key);
}

}  // namespace

Reply submit_job(const ServerContext& context, const Request& request) {
  jobs::Submission submission;
  submission.idempotency_key = idempotency_key(request.head);
  submission.spec_json = read_body(request.body);
  submission.owner = request.caller.name;
  submission.admin = request.caller.admin();
  const store::JobRow job = context.supervisor.submit(submission);
  Reply reply;
  reply.status = 202;
  reply.body = job_body(context, job);
  reply.fields.emplace_back("Location", "/v1/jobs/" + job.id);
  return reply;
}

Reply list_jobs(const ServerContext& context, const Request& request) {
  const auto fetch = [&](int limit, const std::string& after) {
    return context.db.read([&](store::Connection& connection) { return store::Jobs(connection).list(limit, after); });
  };
  const auto page = collect_page<store::JobRow>(
      request.target, fetch, [&](const store::JobRow& job) { return request.caller.may_see(job.owner); });
  Reply reply;
  reply.body = to_json(page, [&](JsonWriter& json, const store::JobRow& job) { write_job(json, context, job); });
  return reply;
}

Reply get_job(const ServerContext& context, const Request& request) {
  Reply reply;
  reply.body = job_body(context, require_job(context, request));
  return reply;
}

Reply cancel_job(const ServerContext& context, const Request& request) {
  const store::JobRow job = require_job(context, request);
  Reply reply;
  reply.status = 202;
  reply.body = job_body(context, context.supervisor.cancel(job.id));
  return reply;
}

}  // namespace stoker::api
