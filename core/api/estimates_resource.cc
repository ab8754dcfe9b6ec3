#include <charconv>
#include <cmath>

#include "core/api/json_values.h"
#include "core/api/offer_json.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/jobs/job_estimate.h"
#include "core/jobs/supervisor.h"

namespace stoker::api {
namespace {

constexpr int64_t kEstimateMs = 30 * kSecond;
constexpr double kMaxHours = 10 * 365 * 24;

void write_range(JsonWriter& json, const char* name, const fleet::Range& range) {
  json.key(name).begin_object().member("low", range.low).key("likely");
  range.likely ? json.real(*range.likely) : json.null();
  json.member("high", range.high).end_object();
}

std::optional<double> hours_of(const Target& target) {
  const std::string text = target.text("hours");
  if (text.empty()) return std::nullopt;
  double hours = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hours);
  if (error != std::errc{} || end != text.data() + text.size() || !(hours > 0 && hours <= kMaxHours))
    throw Error(Fault::invalid, "hours is not a number of hours", "for example 2.5", "hours");
  return hours;
}

void write_training(JsonWriter& json, const jobs::JobSpec& spec, const std::optional<jobs::TrainingSize>& size) {
  json.key("training");
  if (!spec.from_template) {
    json.null();
    return;
  }
  const auto count = [&](const char* name, int64_t jobs::TrainingSize::* member) {
    json.key(name);
    size ? json.integer((*size).*member) : json.null();
  };
  json.begin_object().member("template", spec.from_template->id);
  count("examples", &jobs::TrainingSize::examples);
  count("tokens", &jobs::TrainingSize::tokens);
  count("steps", &jobs::TrainingSize::steps);
  count("trained_tokens", &jobs::TrainingSize::trained_tokens);
  json.member("gpu_memory_gb", static_cast<double>(spec.from_template->gpu_memory) / 1e9).end_object();
}

}  // namespace

Reply estimate_cost(const ServerContext& context, const Request& request) {
  const auto hours = hours_of(request.target);
  const jobs::JobSpec spec = context.supervisor.read_spec(read_body(request.body), request.caller.admin());
  const jobs::JobEstimate estimate =
      jobs::estimate_job(context.pipeline, spec, request.caller.name, request.caller.admin(), hours,
                         {context.closing, context.clock.mono_ms() + kEstimateMs});
  JsonWriter json;
  json.begin_object().key("offer");
  write_offer(json, estimate.offer);
  json.member("offers", static_cast<int64_t>(estimate.offers));
  write_range(json, "per_hour", estimate.cost.per_hour);
  write_range(json, "hours", estimate.cost.hours);
  write_range(json, "total", estimate.cost.total);
  json.member("currency", to_utf8(estimate.cost.currency)).member("cap", estimate.cost.cap);
  json.key("billing")
      .begin_object()
      .member("granularity_s", static_cast<int64_t>(estimate.cost.granularity_s))
      .member("minimum_s", static_cast<int64_t>(estimate.cost.minimum_s))
      .end_object();
  json.key("rests_on").begin_array();
  for (const std::string& sentence : estimate.rests_on) json.text(to_utf8(sentence));
  json.end_array();
  write_training(json, spec, estimate.training);
  write_too_small(json, estimate.too_small);
  write_failures(json, estimate.failures);
  Reply reply;
  reply.body = json.end_object().str();
  return reply;
}

}  // namespace stoker::api
