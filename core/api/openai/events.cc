// GET /fine_tuning/jobs/{id}/events and .../checkpoints, newest first.
#include <simdjson.h>

#include <array>
#include <map>

#include "core/api/openai/client_event.h"
#include "core/api/openai/openai.h"
#include "core/api/problem.h"

namespace stoker::api::openai {
namespace {

constexpr int64_t kMaxLimit = 100;

std::string event_id(const FineTuneJob& it, int64_t seq) { return "ftevent-" + it.job.id + "-" + std::to_string(seq); }

// Of `?after=`: the seq before which to go on.
int64_t seq_before(const FineTuneJob& it, const Target& target, const std::string& prefix) {
  const std::string after = target.text("after");
  if (after.empty()) return INT64_MAX;
  const auto seq = after.starts_with(prefix) ? parse_count(after.substr(prefix.size())) : std::nullopt;
  if (!seq) throw Refused(404, "not_found", "there is nothing " + after + " of " + it.id(), {}, "after");
  return *seq;
}

void write_event(JsonWriter& json, const FineTuneJob& it, const ClientEvent& event) {
  json.begin_object()
      .member("object", "fine_tuning.job.event")
      .member("id", event_id(it, event.seq))
      .member("created_at", event.t_ms / 1000)
      .member("level", event.level)
      .member("message", event.message)
      .member("type", event.data.empty() ? "message" : "metrics");
  json.key("data");
  event.data.empty() ? json.begin_object().end_object() : json.raw(event.data);
  json.end_object();
}

void write_together_event(JsonWriter& json, const FineTuneJob& it, const ClientEvent& event) {
  json.begin_object()
      .member("object", "fine-tune-event")
      .member("created_at", iso_time(event.t_ms))
      .member("level", std::string_view(event.level) == "warn" ? "warning" : event.level)
      .member("message", event.message)
      .member("type", event.together_type)
      .member("param_count", 0)
      .member("token_count", it.trained_tokens().value_or(0))
      .member("total_steps", it.facts.total_steps.value_or(0))
      .member("wandb_url", "")
      .member("step", event.step.value_or(0))
      .member("checkpoint_path", event.path)
      .member("model_path", "")
      .member("training_offset", 0)
      .member("hash", "")
      .end_object();
}

struct Checkpoint {
  int64_t seq = 0, t_ms = 0, step = 0;
  std::string path;
  std::map<std::string, double> metrics;
};

// The last numbers of a record that is not of a later step.
void add_metrics(store::Connection& connection, const std::string& job_id, std::vector<Checkpoint>& points) {
  constexpr int kBatch = 4096;
  struct Name {
    bool evaluation;
    const char* ours;
    const char* theirs;
  };
  static constexpr std::array kNames{Name{false, "train_loss", "train_loss"},
                                     Name{false, "token_accuracy", "train_mean_token_accuracy"},
                                     Name{true, "eval_loss", "valid_loss"}, Name{true, "eval_loss", "full_valid_loss"},
                                     Name{true, "token_accuracy", "valid_mean_token_accuracy"}};
  for (Checkpoint& point : points) point.metrics["step"] = static_cast<double>(point.step);
  simdjson::dom::parser parser;
  for (int64_t after = 0;;) {
    const auto rows = store::Events(connection).of_kinds(job_id, {"metric", "eval"}, after, kBatch);
    for (const store::EventRow& row : rows) {
      const simdjson::dom::element data = parser.parse(row.data);
      double step = 0;
      if (data["step"].get(step) != simdjson::SUCCESS) continue;
      for (const Name& name : kNames) {
        double value = 0;
        if (name.evaluation != (row.kind == "eval") || data["values"][name.ours].get(value) != simdjson::SUCCESS)
          continue;
        for (Checkpoint& point : points)
          if (step <= static_cast<double>(point.step)) point.metrics[name.theirs] = value;
      }
    }
    if (rows.size() < kBatch) return;
    after = rows.back().seq;
  }
}

// One a step: the newest news of it. Newest step first.
std::vector<Checkpoint> checkpoints_of(store::Connection& connection, const FineTuneJob& it) {
  constexpr int kMost = 10'000;
  std::map<int64_t, Checkpoint, std::greater<>> by_step;
  for (const store::EventRow& row : store::Events(connection).newest(it.job.id, {"checkpoint"}, INT64_MAX, kMost)) {
    const ClientEvent event = client_event(it, row);
    if (event.step) by_step.try_emplace(*event.step, Checkpoint{row.seq, row.t_ms, *event.step, event.path, {}});
  }
  std::vector<Checkpoint> points;
  for (auto& [step, point] : by_step) points.push_back(std::move(point));
  return points;
}

void write_checkpoint(JsonWriter& json, const FineTuneJob& it, const Checkpoint& point) {
  const std::string step = std::to_string(point.step);
  json.begin_object()
      .member("object", "fine_tuning.job.checkpoint")
      .member("id", "ftckpt_" + it.job.id + "_" + step)
      .member("created_at", point.t_ms / 1000)
      .member("fine_tuning_job_id", it.id())
      .member("fine_tuned_model_checkpoint", it.row.fine_tuned_model + ":ckpt-step-" + step)
      .member("step_number", point.step)
      .key("metrics")
      .begin_object();
  for (const auto& [name, value] : point.metrics) json.member(name, value);
  json.end_object().end_object();
}

}  // namespace

Reply list_fine_tune_events(const ServerContext& context, const Request& request) {
  const FineTuneJob it = require_fine_tune(context, request);
  const auto limit = static_cast<size_t>(request.target.number("limit", 20, 1, kMaxLimit));
  const int64_t before = seq_before(it, request.target, "ftevent-" + it.job.id + "-");
  auto rows = context.db.read([&](store::Connection& c) {
    return store::Events(c).newest(it.job.id, client_event_kinds(), before, static_cast<int>(limit) + 1);
  });
  const bool more = rows.size() > limit;
  if (more) rows.resize(limit);
  JsonWriter json;
  json.begin_object().member("object", "list").key("data").begin_array();
  for (const store::EventRow& row : rows) write_event(json, it, client_event(it, row));
  json.end_array().member("has_more", more).end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply list_fine_tune_checkpoints(const ServerContext& context, const Request& request) {
  const FineTuneJob it = require_fine_tune(context, request);
  const auto limit = static_cast<size_t>(request.target.number("limit", 10, 1, kMaxLimit));
  const int64_t before = seq_before(it, request.target, "ftckpt_" + it.job.id + "_");
  JsonWriter json;
  json.begin_object().member("object", "list").key("data").begin_array();
  context.db.read([&](store::Connection& connection) {
    std::vector<Checkpoint> points = checkpoints_of(connection, it);
    std::erase_if(points, [&](const Checkpoint& point) { return point.step >= before; });
    const bool more = points.size() > limit;
    if (more) points.resize(limit);
    add_metrics(connection, it.job.id, points);
    for (const Checkpoint& point : points) write_checkpoint(json, it, point);
    json.end_array().member("has_more", more);
    const auto id = [&](const char* name, bool first) {
      json.key(name);
      const std::string prefix = "ftckpt_" + it.job.id + "_";
      points.empty() ? json.null() : json.text(prefix + std::to_string((first ? points.front() : points.back()).step));
    };
    id("first_id", true);
    id("last_id", false);
    json.end_object();
  });
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply list_together_events(const ServerContext& context, const Request& request) {
  constexpr int kMost = 10'000;
  const FineTuneJob it = require_fine_tune(context, request);
  const auto rows = context.db.read(
      [&](store::Connection& c) { return store::Events(c).of_kinds(it.job.id, client_event_kinds(), 0, kMost); });
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const store::EventRow& row : rows) write_together_event(json, it, client_event(it, row));
  json.end_array().end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply list_together_checkpoints(const ServerContext& context, const Request& request) {
  const FineTuneJob it = require_fine_tune(context, request);
  const auto points = context.db.read([&](store::Connection& c) { return checkpoints_of(c, it); });
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const Checkpoint& point : points)
    json.begin_object()
        .member("step", point.step)
        .member("created_at", iso_time(point.t_ms))
        .member("path", point.path)
        .member("checkpoint_type", "Intermediate")
        .end_object();
  json.end_array().end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

}  // namespace stoker::api::openai
