// /fine_tuning/jobs of OpenAI's API, and /fine-tunes of Together's.
#include "core/api/openai/commission.h"
#include "core/api/openai/fine_tune_job.h"
#include "core/api/openai/openai.h"
#include "core/api/openai/results.h"
#include "core/api/problem.h"
#include "core/api/request_body.h"
#include "core/jobs/pipeline.h"
#include "core/jobs/request_hash.h"
#include "core/jobs/supervisor.h"
#include "core/utf8.h"

namespace stoker::api::openai {
namespace {

constexpr int64_t kRepeatedWithinMs = 10 * kMinute;
constexpr int64_t kOvertakenByMs = kMinute;
constexpr size_t kMaxIdempotencyKey = 255;

// OpenAI's clients send the same bytes again when no answer came, without a key, and count how often.
bool is_repeated(const Head& head) {
  const auto count = head.find("X-Stainless-Retry-Count");
  return count && parse_count(*count).value_or(0) > 0;
}

std::string idempotency_key(const Head& head) {
  const auto key = head.find("Idempotency-Key");
  if (!key) return {};
  if (head.count("Idempotency-Key") > 1 || key->empty() || key->size() > kMaxIdempotencyKey)
    throw Refused(400, "invalid", "Idempotency-Key is empty, longer than 255 bytes, or there twice");
  return "openai:" + std::string(*key);
}

// A repetition is the newest job of the same bytes, if it is young. A first request that comes soon after a job was
// made by a repetition is the one that was taken for lost, and waited in a queue meanwhile: it is that job too.
std::optional<store::JobRow> already_made(store::Connection& connection, const std::string& owner,
                                          const std::string& hash, bool repeated, int64_t came_ms) {
  const auto row = store::FineTunes(connection).find_body(owner, hash);
  if (!row) return std::nullopt;
  const bool its_first = repeated && came_ms - row->created_ms <= kRepeatedWithinMs;
  const bool its_repetition = !repeated && row->repeated && came_ms - row->created_ms <= kOvertakenByMs;
  if (!its_first && !its_repetition) return std::nullopt;
  return store::Jobs(connection).find(row->job_id);
}

std::string model_name(const FineTune& asked, const std::string& job_id) {
  return "ft:" + asked.model + ":local:" + asked.suffix + ":" + job_id;
}

std::string learning_rate_note(const std::string& note) {
  JsonWriter json;
  json.begin_object().member("kind", "learning_rate").member("severity", "info").member("message", note);
  return json.member("terminal", false).member("retryable", false).end_object().str();
}

FineTuneJob create(const ServerContext& context, const Request& request, FineTune (*read)(std::string_view)) {
  const int64_t came_ms = context.clock.wall_ms();
  const std::string body = read_body(request.body);
  const std::string hash = jobs::request_hash(body), owner = request.caller.name;
  const bool repeated = is_repeated(request.head);
  const auto load = [&](const std::string& job_id) {
    return context.db.read([&](store::Connection& connection) {
      auto row = store::FineTunes(connection).find(job_id);
      if (!row)
        throw Error(Fault::conflict, "this Idempotency-Key was used for a job of the native API",
                    "use a new key for a new job");
      return load_fine_tune(connection, std::move(*row));
    });
  };
  // Before the request is looked at: what it names may be gone by now.
  const auto made = context.db.read(
      [&](store::Connection& connection) { return already_made(connection, owner, hash, repeated, came_ms); });
  if (made) return load(made->id);

  const Commission order = commission(context, request.caller, read(body));
  jobs::Submission submission;
  submission.spec_json = order.spec;
  submission.idempotency_key = idempotency_key(request.head);
  submission.owner = owner;
  submission.admin = request.caller.admin();
  submission.earlier = [&](store::Connection& connection) {
    return already_made(connection, owner, hash, repeated, came_ms);
  };
  submission.also = [&](store::Connection& connection, const store::JobRow& job) {
    store::FineTunes(connection)
        .insert(
            {job.id, owner, hash, came_ms, repeated, order.fine_tune.json(), model_name(order.fine_tune, job.id), ""});
    if (!order.fine_tune.note.empty())
      jobs::append_event(context.pipeline, connection, job.id, "diagnosis", learning_rate_note(order.fine_tune.note));
  };
  return load(context.supervisor.submit(submission).id);
}

FineTuneJob cancel(const ServerContext& context, const Request& request) {
  const FineTuneJob it = require_fine_tune(context, request);
  (void)context.supervisor.cancel(it.job.id);
  return require_fine_tune(context, request);
}

Reply openai_reply(const ServerContext& context, const FineTuneJob& it) {
  JsonWriter json;
  write_openai(json, context, it);
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply together_reply(const ServerContext& context, const FineTuneJob& it) {
  JsonWriter json;
  write_together(json, it, context.clock.wall_ms());
  Reply reply;
  reply.body = json.str();
  return reply;
}

}  // namespace

Reply create_fine_tune(const ServerContext& context, const Request& request) {
  return openai_reply(context, create(context, request, read_openai_request));
}

Reply list_fine_tunes(const ServerContext& context, const Request& request) {
  make_results(context);
  const FineTunePage page = list_of_fine_tunes(context, request, 20);
  JsonWriter json;
  json.begin_object().member("object", "list").key("data").begin_array();
  for (const FineTuneJob& it : page.jobs) write_openai(json, context, it);
  json.end_array().member("has_more", page.has_more).end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply get_fine_tune(const ServerContext& context, const Request& request) {
  make_results(context);
  return openai_reply(context, require_fine_tune(context, request));
}

Reply cancel_fine_tune(const ServerContext& context, const Request& request) {
  return openai_reply(context, cancel(context, request));
}

Reply refuse_pause(const ServerContext& context, const Request& request) {
  const FineTuneJob it = require_fine_tune(context, request);
  throw Refused(400, "unsupported", it.id() + " can not be paused or resumed: that is not supported",
                "cancel it; checkpoints that came home stay", "fine_tuning_job_id");
}

Reply create_together(const ServerContext& context, const Request& request) {
  return together_reply(context, create(context, request, read_together_request));
}

Reply list_together(const ServerContext& context, const Request& request) {
  const FineTunePage page = list_of_fine_tunes(context, request, 100);
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const FineTuneJob& it : page.jobs) write_together(json, it, context.clock.wall_ms());
  json.end_array().end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply get_together(const ServerContext& context, const Request& request) {
  return together_reply(context, require_fine_tune(context, request));
}

Reply cancel_together(const ServerContext& context, const Request& request) {
  return together_reply(context, cancel(context, request));
}

}  // namespace stoker::api::openai
