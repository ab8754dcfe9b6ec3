#include "core/api/openai/commission.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "core/api/openai/job_members.h"
#include "core/api/problem.h"
#include "core/jobs/pipeline.h"
#include "core/nearest.h"
#include "core/spec_reader.h"
#include "core/store/files.h"
#include "core/templates/model_size.h"
#include "core/templates/params.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api::openai {
namespace {

using templates::Template;

constexpr int64_t kLeastExamples = 10;  // OpenAI's
constexpr const char* kChatTemplate = "transformers-sft";
constexpr const char* kPreferenceTemplate = "trl-dpo";

// An object's members by name; later ones do not replace earlier ones.
using Members = std::vector<std::pair<std::string, std::string>>;

void add_members(std::string_view json, const std::string& path, const std::vector<std::string>& known, Members& to) {
  if (json.empty()) return;
  simdjson::dom::parser parser;
  const simdjson::dom::object object = parser.parse(json.data(), json.size());
  (void)SpecReader(object, path, known);
  for (const auto& [key, value] : object) {
    const bool there = std::any_of(to.begin(), to.end(), [&](const auto& one) { return one.first == key; });
    if (!there) to.emplace_back(key, simdjson::minify(value));
  }
}

const std::string* find(const Members& members, std::string_view key) {
  for (const auto& [name, value] : members)
    if (name == key) return &value;
  return nullptr;
}

bool has_choice(const Template& one, const std::string& model) {
  const templates::Parameter* parameter = one.find("model");
  return parameter && std::count(parameter->choices.begin(), parameter->choices.end(), model) > 0;
}

bool takes_any_model(const Template& one) {
  const templates::Parameter* parameter = one.find("model");
  return parameter && parameter->choices.empty();
}

[[noreturn]] void refuse_model(const templates::Catalogue& catalogue, const std::string& model) {
  const std::string close = nearest(model, base_models(catalogue));
  throw Refused(404, "model_not_found", "there is no model " + to_utf8(model),
                close.empty() ? "name one of a model hub, as in Qwen/Qwen3-0.6B, or tiny-lm; GET /models lists some"
                              : "did you mean " + close + "?",
                "model");
}

// A name that tells neither where the model is nor how large is not worth renting a machine for.
bool may_exist(const std::string& model) {
  return model.find('/') != std::string::npos || templates::parameters_of_model(model).has_value();
}

const Template& chosen_template(const templates::Catalogue& catalogue, const FineTune& asked, const Members& members) {
  if (const std::string* named = find(members, "template")) {
    simdjson::dom::parser parser;
    std::string_view id;
    if (parser.parse(*named).get(id) != simdjson::SUCCESS)
      throw Refused(400, "invalid", "x_stoker.template is not text", {}, "x_stoker.template");
    return catalogue.find(std::string(id));
  }
  for (const Template& one : catalogue.all())
    if (has_choice(one, asked.model)) return one;
  if (!may_exist(asked.model)) refuse_model(catalogue, asked.model);
  return catalogue.find(asked.dpo ? kPreferenceTemplate : kChatTemplate);
}

store::FileRow training_data(const ServerContext& context, const Caller& caller, const std::string& id,
                             const std::string& field, const Template& chosen) {
  const auto row = context.db.read([&](store::Connection& c) { return store::Files(c).find(id); });
  if (!row || !caller.may_see(row->owner))
    throw Refused(400, "invalid_file", "there is no file " + to_utf8(id), "upload it first: POST /files", field);
  if (row->purpose != "fine-tune")
    throw Refused(400, "invalid_file", "the file " + id + " was not uploaded with the purpose fine-tune", {}, field);
  if (row->form != chosen.task)
    throw Refused(
        400, "invalid_file_format",
        fmt::format("{} learns from {} examples, and {} holds {} examples", chosen.id, chosen.task, id, row->form),
        chosen.task == "chat" ? "each line is {\"messages\": [...]}"
                              : "each line is {\"input\", \"preferred_output\", \"non_preferred_output\"}",
        field);
  return *row;
}

std::string as_json(const std::string& text) {
  JsonWriter json;
  json.text(text);
  return json.str();
}

std::string as_json(double number) {
  JsonWriter json;
  json.real(number);
  return json.str();
}

std::string object_of(const Members& members) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [key, value] : members) json.key(key).raw(value);
  return json.end_object().str();
}

Members asked_params(const FineTune& asked, const Template& chosen, const Members& members) {
  Members params{{"model", as_json(asked.model)}};
  if (asked.epochs) params.emplace_back("epochs", std::to_string(*asked.epochs));
  if (asked.batch_size) params.emplace_back("batch_size", std::to_string(*asked.batch_size));
  if (asked.seed && chosen.find("seed")) params.emplace_back("seed", std::to_string(*asked.seed));
  if (asked.beta) params.emplace_back("beta", as_json(*asked.beta));
  params.insert(params.end(), asked.params.begin(), asked.params.end());
  if (const std::string* more = find(members, "params"))
    add_members(*more, "x_stoker.params", chosen.parameter_names(), params);
  return params;
}

// A multiplier is one of the template's own learning rate; one that is far too small is a learning rate.
void choose_learning_rate(FineTune& it, const Template& chosen, Members& params) {
  const double usual = templates::Params(chosen, object_of(params)).number("learning_rate", 0);
  if (!it.learning_rate && it.multiplier && *it.multiplier < kLeastMultiplier) {
    it.learning_rate = it.multiplier;
    it.note = fmt::format(
        "learning_rate_multiplier {:g} is taken as the learning rate itself: as a multiplier of {:g} "
        "it would train nothing",
        *it.multiplier, usual);
  } else if (!it.learning_rate && it.multiplier) {
    it.learning_rate = usual * *it.multiplier;
  }
  if (it.learning_rate && !find(params, "learning_rate"))
    params.emplace_back("learning_rate", as_json(*it.learning_rate));
}

std::string inputs_of(const FineTune& it) {
  JsonWriter json;
  json.begin_array();
  const auto add = [&](const std::string& id, const char* to) {
    json.begin_object().member("from", "file:" + id).member("to", to).end_object();
  };
  add(it.training_file, "data/train.jsonl");
  if (!it.validation_file.empty()) add(it.validation_file, "data/validation.jsonl");
  return json.end_array().str();
}

}  // namespace

std::vector<std::string> base_models(const templates::Catalogue& catalogue) {
  std::vector<std::string> names;
  bool any = false;
  for (const Template& one : catalogue.all()) {
    any |= takes_any_model(one);
    if (const templates::Parameter* parameter = one.find("model"))
      names.insert(names.end(), parameter->choices.begin(), parameter->choices.end());
  }
  if (!any) return names;
  const std::vector<std::string> known = templates::known_models();
  names.insert(names.end(), known.begin(), known.end());
  return names;
}

Commission commission(const ServerContext& context, const Caller& caller, FineTune it) {
  Members members;
  add_members(it.x_stoker, "x_stoker", kJobMembers, members);
  add_members(context.fine_tune_job, "openai.job", kJobMembers, members);
  const Template& chosen = chosen_template(context.pipeline.templates, it, members);
  it.template_id = chosen.id;
  if (it.dpo != (chosen.task == "preference"))
    throw Refused(400, "invalid", "the template " + chosen.id + " does not train by " + (it.dpo ? "dpo" : "supervised"),
                  "name another model, method or x_stoker.template", "method.type");

  const store::FileRow data = training_data(context, caller, it.training_file, "training_file", chosen);
  if (data.examples < kLeastExamples)
    throw Refused(
        400, "invalid_file_format",
        fmt::format("training_file has {} examples, and at least {} are needed", data.examples, kLeastExamples),
        "add examples", "training_file");
  if (!it.validation_file.empty()) (void)training_data(context, caller, it.validation_file, "validation_file", chosen);
  it.examples = data.examples;
  it.tokens = data.tokens;

  Members params = asked_params(it, chosen, members);
  const double usual = templates::Params(chosen, object_of({{"model", as_json(it.model)}})).number("learning_rate", 0);
  choose_learning_rate(it, chosen, params);
  const templates::Params used(chosen, object_of(params));
  it.used_epochs = static_cast<int64_t>(used.number("epochs", 1));
  it.used_batch_size = static_cast<int64_t>(used.number("batch_size", 1));
  it.used_learning_rate = used.number("learning_rate", usual);
  it.used_multiplier = usual > 0 ? it.used_learning_rate / usual : 1;
  if (chosen.find("beta")) it.used_beta = used.number("beta", 0);
  if (chosen.find("seed")) it.seed = static_cast<int64_t>(used.number("seed", 0));

  JsonWriter spec;
  spec.begin_object().member("name", it.suffix.empty() ? chosen.id : it.suffix).member("template", chosen.id);
  spec.key("params").raw(object_of(params)).key("inputs").raw(inputs_of(it));
  for (const auto& [key, value] : members)
    if (key != "template" && key != "params") spec.key(key).raw(value);
  std::string text = spec.end_object().str();
  return {std::move(it), std::move(text)};
}

}  // namespace stoker::api::openai
