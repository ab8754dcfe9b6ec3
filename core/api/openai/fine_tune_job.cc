#include "core/api/openai/fine_tune_job.h"

#include <fmt/chrono.h>
#include <simdjson.h>

#include <algorithm>

#include "core/api/json_values.h"
#include "core/api/problem.h"
#include "core/utf8.h"

namespace stoker::api::openai {
namespace {

using store::JobState;

constexpr std::string_view kPrefix = "ftjob-";
constexpr int64_t kMaxLimit = 100;

std::string job_id_of(const std::string& public_id) {
  return public_id.starts_with(kPrefix) ? public_id.substr(kPrefix.size()) : std::string();
}

Refused unknown_job(const std::string& id) {
  return {404, "fine_tune_not_found", "there is no fine-tuning job " + to_utf8(id), "GET /fine_tuning/jobs lists them",
          "fine_tuning_job_id"};
}

// A `?metadata[key]=value` that the job lacks; `?metadata=null` asks for those without any.
bool has_metadata(const FineTune& asked, const Target& target) {
  simdjson::dom::parser parser;
  simdjson::dom::object pairs;
  const bool any = !asked.metadata.empty() && parser.parse(asked.metadata).get(pairs) == simdjson::SUCCESS;
  for (const auto& [name, wanted] : target.query) {
    if (name == "metadata" && wanted == "null" && any && pairs.size() > 0) return false;
    if (!name.starts_with("metadata[") || !name.ends_with(']')) continue;
    std::string_view value;
    if (!any || pairs[name.substr(9, name.size() - 10)].get(value) != simdjson::SUCCESS || value != wanted)
      return false;
  }
  return true;
}

std::string error_code(const FineTuneJob& it) {
  if (it.job.reason.find("limits.max_cost") != std::string::npos) return "budget_exceeded";
  if (it.job.reason.find("limits.max_hours") != std::string::npos) return "time_limit_exceeded";
  return it.facts.diagnosis.empty() ? "job_failed" : it.facts.diagnosis;
}

void write_seconds(JsonWriter& json, const char* name, int64_t ms) {
  json.key(name);
  ms == 0 ? json.null() : json.integer(ms / 1000);
}

void write_hyperparameters(JsonWriter& json, const FineTune& asked) {
  json.begin_object()
      .member("n_epochs", asked.used_epochs)
      .member("batch_size", asked.used_batch_size)
      .member("learning_rate_multiplier", asked.used_multiplier);
  if (asked.dpo && asked.used_beta) json.member("beta", *asked.used_beta);
  json.end_object();
}

void write_extension(JsonWriter& json, const ServerContext& context, const FineTuneJob& it) {
  const TrainingFacts& facts = it.facts;
  json.key("x_stoker").begin_object().member("job_id", it.job.id).member("state", store::to_string(it.job.state));
  json.member("template", it.asked.template_id).member("learning_rate", it.asked.used_learning_rate);
  json.member("reason", to_utf8(it.job.reason)).member("hint", to_utf8(it.job.hint));
  json.member("instance_id", it.job.instance_id);
  if (facts.step) json.member("step", *facts.step);
  if (facts.total_steps) json.member("total_steps", *facts.total_steps);
  if (facts.epoch) json.member("epoch", *facts.epoch);
  if (facts.train_loss) json.member("train_loss", *facts.train_loss);
  write_cost(json, context.fleet.cost_of_job(it.job.id));
  json.end_object();
}

const char* together_status(const store::JobRow& job) {
  switch (job.state) {
    case JobState::queued:
      return "pending";
    case JobState::provisioning:
    case JobState::connecting:
    case JobState::staging:
    case JobState::setup:
      return job.cancel_requested ? "cancel_requested" : "queued";
    case JobState::running:
      return job.cancel_requested ? "cancel_requested" : "running";
    case JobState::collecting:
    case JobState::releasing:
      return "uploading";
    case JobState::succeeded:
      return "completed";
    case JobState::failed:
      return "error";
    case JobState::cancelled:
      return "cancelled";
  }
  return "error";
}

}  // namespace

std::vector<std::string> FineTuneJob::result_files() const {
  std::vector<std::string> ids;
  for (std::string_view rest = row.results; !rest.empty();) {
    const size_t comma = rest.find(',');
    ids.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return ids;
}

std::optional<int64_t> FineTuneJob::trained_tokens() const {
  const auto all = static_cast<double>(asked.tokens * asked.used_epochs);
  if (succeeded()) return static_cast<int64_t>(all);
  if (facts.step && facts.total_steps && *facts.total_steps > 0) {
    const double part = static_cast<double>(*facts.step) / static_cast<double>(*facts.total_steps);
    return static_cast<int64_t>(all * std::clamp(part, 0.0, 1.0));
  }
  if (job.state == JobState::running) return 0;
  return std::nullopt;
}

FineTuneJob load_fine_tune(store::Connection& connection, store::FineTuneRow row) {
  FineTuneJob it;
  it.asked = FineTune::of_json(row.request);
  it.job = store::Jobs(connection).find(row.job_id).value();
  it.facts = facts_of(connection, row.job_id);
  it.row = std::move(row);
  return it;
}

FineTuneJob require_fine_tune(const ServerContext& context, const Request& request) {
  const std::string& id = request.parameters.at(0);
  return context.db.read([&](store::Connection& connection) {
    auto row = store::FineTunes(connection).find(job_id_of(id));
    if (!row || !request.caller.may_see(row->owner)) throw unknown_job(id);
    return load_fine_tune(connection, std::move(*row));
  });
}

FineTunePage list_of_fine_tunes(const ServerContext& context, const Request& request, int64_t usual_limit) {
  constexpr int kBatch = 64;
  const auto limit = static_cast<size_t>(request.target.number("limit", usual_limit, 1, kMaxLimit));
  const std::string after = request.target.text("after");
  return context.db.read([&](store::Connection& connection) {
    const store::FineTunes rows(connection);
    std::string from = job_id_of(after);
    if (!after.empty()) {
      const auto row = rows.find(from);
      if (!row || !request.caller.may_see(row->owner)) throw unknown_job(after);
    }
    FineTunePage page;
    for (;;) {
      std::vector<store::FineTuneRow> batch = rows.list(kBatch, from);
      for (store::FineTuneRow& row : batch) {
        from = row.job_id;
        if (!request.caller.may_see(row.owner) || !has_metadata(FineTune::of_json(row.request), request.target))
          continue;
        if (page.jobs.size() == limit) return page.has_more = true, page;
        page.jobs.push_back(load_fine_tune(connection, std::move(row)));
      }
      if (batch.size() < kBatch) return page;
    }
  });
}

const char* openai_status(const store::JobRow& job, bool chatmle) {
  if (is_terminal(job.state)) return store::to_string(job.state);
  if (chatmle || job.state >= JobState::running) return "running";
  return job.state == JobState::queued ? "validating_files" : "queued";
}

void write_openai(JsonWriter& json, const ServerContext& context, const FineTuneJob& it) {
  const FineTune& asked = it.asked;
  json.begin_object().member("id", it.id()).member("object", "fine_tuning.job").member("model", asked.model);
  write_seconds(json, "created_at", it.job.created_ms);
  write_seconds(json, "finished_at", it.job.ended_ms);
  const bool running = it.job.state == JobState::running;
  write_seconds(json, "estimated_finish", running ? it.facts.end_ms.value_or(0) : 0);
  json.member("status", openai_status(it.job, context.chatmle)).key("fine_tuned_model");
  it.succeeded() ? json.text(it.row.fine_tuned_model) : json.null();
  json.member("training_file", asked.training_file).key("validation_file");
  asked.validation_file.empty() ? json.null() : json.text(asked.validation_file);
  json.key("result_files").begin_array();
  for (const std::string& id : it.result_files()) json.text(id);
  json.end_array().key("trained_tokens");
  const auto tokens = it.trained_tokens();
  tokens ? json.integer(*tokens) : json.null();
  write_hyperparameters(json.key("hyperparameters"), asked);
  const char* method = asked.dpo ? "dpo" : "supervised";
  json.key("method").begin_object().member("type", method).key(method).begin_object();
  write_hyperparameters(json.key("hyperparameters"), asked);
  json.end_object().end_object();
  json.member("seed", asked.seed.value_or(0)).member("organization_id", "local");
  json.key("integrations").begin_array().end_array().key("metadata");
  asked.metadata.empty() ? json.null() : json.raw(asked.metadata);
  json.key("error");
  if (it.job.state == JobState::failed) {
    const std::string& hint = it.job.hint;
    json.begin_object().member("code", to_utf8(error_code(it)));
    json.member("message", to_utf8(hint.empty() ? it.job.reason : it.job.reason + "; " + hint));
    json.key("param").null().end_object();
  } else {
    json.null();
  }
  write_extension(json, context, it);
  json.end_object();
}

void write_together(JsonWriter& json, const FineTuneJob& it, int64_t now_ms) {
  const FineTune& asked = it.asked;
  json.begin_object()
      .member("id", it.id())
      .member("status", together_status(it.job))
      .member("created_at", iso_time(it.job.created_ms))
      .member("updated_at", iso_time(std::max({it.job.created_ms, it.job.started_ms, it.job.ended_ms})))
      .member("training_file", asked.training_file);
  if (it.job.started_ms > 0) json.member("started_at", iso_time(it.job.started_ms));
  if (!asked.validation_file.empty()) json.member("validation_file", asked.validation_file);
  json.member("model", asked.model).member("model_output_name", it.row.fine_tuned_model);
  if (!asked.suffix.empty()) json.member("suffix", asked.suffix);
  json.member("n_epochs", asked.used_epochs)
      .member("batch_size", asked.used_batch_size)
      .member("learning_rate", asked.used_learning_rate)
      .member("trainingfile_numlines", asked.examples)
      .member("token_count", it.trained_tokens().value_or(0))
      .member("job_id", it.job.id);
  if (asked.seed) json.member("random_seed", *asked.seed);
  json.key("training_method").begin_object().member("method", asked.dpo ? "dpo" : "sft");
  asked.dpo ? json.member("dpo_beta", asked.used_beta.value_or(0)) : json.member("train_on_inputs", false);
  json.end_object();
  if (it.facts.epoch) json.member("epochs_completed", static_cast<int64_t>(*it.facts.epoch));
  json.key("progress").begin_object().member("estimate_available", it.facts.end_ms.has_value());
  const bool going = it.facts.end_ms && !is_terminal(it.job.state);
  const int64_t left = going ? std::max<int64_t>(*it.facts.end_ms - now_ms, 0) / 1000 : 0;
  json.member("seconds_remaining", left).end_object();
  if (it.job.state == JobState::failed) json.member("error", to_utf8(it.job.reason));
  json.end_object();
}

std::string iso_time(int64_t ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

}  // namespace stoker::api::openai
