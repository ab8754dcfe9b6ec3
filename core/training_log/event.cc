#include "core/training_log/event.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/training_log/canonical_names.h"
#include "core/training_log/fault.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::training_log {
namespace {

using plugin_host::FieldValue;
using plugin_host::RawEvent;

const FieldValue* find(const RawEvent& raw, std::string_view key) {
  for (const auto& [name, value] : raw.fields)
    if (name == key) return &value;
  return nullptr;
}

std::optional<double> as_number(const FieldValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

// Fields named so tell of the line, not of what it says.
bool is_of_line(std::string_view key) { return key.starts_with('@'); }

void put(JsonWriter& json, const FieldValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value))
    json.integer(*whole);
  else if (const auto* real = std::get_if<double>(&value))
    json.real(*real);
  else if (const auto* yes = std::get_if<bool>(&value))
    json.boolean(*yes);
  else
    json.text(to_utf8(std::get<std::string>(value)));
}

// Whose line it was, where the launcher says so.
void put_origin(JsonWriter& json, const RawEvent& raw) {
  for (const std::string_view key : {"@rank", "@source"})
    if (const auto* value = find(raw, key)) put(json.key(key.substr(1)), *value);
}

// Every number under its canonical name in `values`, under the framework's own in `raw`.
void put_numbers(JsonWriter& json, const RawEvent& raw) {
  std::set<std::string_view> said;
  json.key("values").begin_object();
  for (const auto& [key, value] : raw.fields) {
    const auto name = canonical_name(raw.kind, key);
    if (!name.empty() && as_number(value) && said.insert(name).second) put(json.key(name), value);
  }
  json.end_object();
  said.clear();
  json.key("raw").begin_object();
  for (const auto& [key, value] : raw.fields)
    if (!is_of_line(key) && said.insert(key).second) put(json.key(to_utf8(key)), value);
  json.end_object();
}

void put_record(JsonWriter& json, const RawEvent& raw, const Context& context) {
  if (raw.kind == STOKER_EVENT_EVAL) json.member("split", raw.name.empty() ? "eval" : to_utf8(raw.name));
  if (context.step) json.member("step", *context.step);
  if (context.step) json.member("step_source", context.step_source);
  if (const auto epoch = number(raw, "epoch")) json.member("epoch", *epoch);
  put_numbers(json, raw);
}

void put_fields(JsonWriter& json, const RawEvent& raw) {
  for (const auto& [key, value] : raw.fields)
    if (!is_of_line(key)) put(json.key(to_utf8(key)), value);
}

void put_progress(JsonWriter& json, const RawEvent& raw, const Context& context) {
  const auto n = number(raw, "n"), total = number(raw, "total");
  put_fields(json, raw);
  if (!raw.name.empty()) json.member("title", to_utf8(raw.name));
  if (n && total && *total > 0) json.member("percent", std::clamp(*n / *total * 100, 0.0, 100.0));
  if (context.epoch) json.member("epoch", *context.epoch);
  if (!context.eta) return;
  json.member("eta_s", context.eta->s)
      .member("eta_low_s", context.eta->low_s)
      .member("eta_high_s", context.eta->high_s);
}

void put_run(JsonWriter& json, const RawEvent& raw) {
  json.member("framework", to_utf8(raw.name));
  json.key("versions").begin_object();
  for (const auto& [key, value] : raw.fields) {
    if (key == "version") put(json.key(to_utf8(raw.name)), value);
    if (key.ends_with("_version")) put(json.key(to_utf8(std::string_view(key).substr(0, key.size() - 8))), value);
  }
  json.end_object();
  for (const auto& [key, value] : raw.fields)
    if (!is_of_line(key) && key != "framework" && key != "version" && !key.ends_with("_version"))
      put(json.key(to_utf8(key)), value);
}

void put_summary(JsonWriter& json, const RawEvent& raw) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"train_runtime", "runtime_s"},
      {"train_loss", "train_loss_avg"},
      {"epoch", "epoch"},
      {"train_samples_per_second", "samples_per_second"},
      {"train_steps_per_second", "steps_per_second"}};
  for (const auto& [key, name] : kNames)
    if (const auto* value = find(raw, key)) put(json.key(name), *value);
  std::set<std::string_view> said;
  json.key("raw").begin_object();
  for (const auto& [key, value] : raw.fields)
    if (!is_of_line(key) && said.insert(key).second) put(json.key(to_utf8(key)), value);
  json.end_object();
}

std::string_view severity_name(int32_t severity) {
  if (severity == STOKER_SEVERITY_ERROR) return "error";
  return severity == STOKER_SEVERITY_WARNING ? "warning" : "info";
}

void put_diagnosis(JsonWriter& json, const RawEvent& raw) {
  json.member("kind", to_utf8(raw.name)).member("severity", severity_name(raw.severity));
  json.member("message", to_utf8(raw.text));
  put_fields(json, raw);
  if (find(raw, "terminal") == nullptr) json.member("terminal", false);
}

const char* kind_name(int32_t kind) {
  constexpr const char* kNames[] = {"event", "run",        "phase",   "progress", "metric",
                                    "eval",  "checkpoint", "summary", "diagnosis"};
  return kind > 0 && kind < 9 ? kNames[kind] : kNames[0];
}

}  // namespace

std::optional<double> number(const RawEvent& raw, std::string_view key) {
  const auto* value = find(raw, key);
  return value == nullptr ? std::nullopt : as_number(*value);
}

std::string_view text(const RawEvent& raw, std::string_view key) {
  const auto* value = find(raw, key);
  const auto* words = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return words == nullptr ? std::string_view{} : std::string_view(*words);
}

bool has_nan(const RawEvent& raw) {
  return std::any_of(raw.fields.begin(), raw.fields.end(), [](const auto& field) {
    const auto value = as_number(field.second);
    return value && !std::isfinite(*value);
  });
}

Event make_event(const RawEvent& raw, const Context& context) {
  JsonWriter json;
  json.begin_object().member("t", raw.time_ms > 0 ? raw.time_ms : context.t_ms);
  put_origin(json, raw);
  switch (raw.kind) {
    case STOKER_EVENT_METRIC:
    case STOKER_EVENT_EVAL:
      put_record(json, raw, context);
      break;
    case STOKER_EVENT_PROGRESS:
      put_progress(json, raw, context);
      break;
    case STOKER_EVENT_RUN:
      put_run(json, raw);
      break;
    case STOKER_EVENT_SUMMARY:
      put_summary(json, raw);
      break;
    case STOKER_EVENT_DIAGNOSIS:
      put_diagnosis(json, raw);
      break;
    case STOKER_EVENT_PHASE:
      json.member("name", to_utf8(raw.name));
      break;
    default:
      put_fields(json, raw);
  }
  if ((raw.flags & STOKER_EVENT_TRUNCATED) != 0) json.member("truncated", true);
  return {kind_name(raw.kind), json.end_object().str(), raw.first_byte, raw.last_byte};
}

Event make_nan_event(const RawEvent& raw, int64_t t_ms) {
  std::string which;
  for (const auto& [key, field] : raw.fields) {
    const auto value = as_number(field);
    if (value && !std::isfinite(*value)) which += (which.empty() ? "" : ", ") + to_utf8(key).substr(0, 60);
    if (which.size() > 200) break;
  }
  JsonWriter json;
  json.begin_object()
      .member("t", t_ms)
      .member("kind", "nan_loss")
      .member("severity", "warning")
      .member("terminal", false)
      .member("retryable", false)
      .member("message", to_utf8("the log shows values that are not finite: " + which))
      .member("hint", kNanHint);
  return {"diagnosis", json.end_object().str(), raw.first_byte, raw.last_byte};
}

}  // namespace stoker::training_log
