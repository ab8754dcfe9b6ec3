#include "core/jobs/spec_template.h"

#include <algorithm>

#include "core/error.h"

namespace stoker::jobs {
namespace {

using templates::StagedFile;
using templates::Template;

// "data" holds "data/train.jsonl", and so does the file itself.
bool holds(const std::string& to, const std::string& file) {
  return file == to || (file.starts_with(to) && file[to.size()] == '/');
}

void check_inputs(const SpecReader& top, const Template& chosen, const std::vector<Input>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (holds(templates::kTemplateFolder, inputs[i].to))
      top.refuse("inputs[" + std::to_string(i) + "].to",
                 std::string(templates::kTemplateFolder) + "/ is where the template's own files go",
                 "choose another name");
  for (const templates::DataFile& file : chosen.data) {
    const bool given =
        std::any_of(inputs.begin(), inputs.end(), [&](const Input& input) { return holds(input.to, file.to); });
    if (file.required && !given)
      top.refuse("inputs", chosen.id + " needs " + file.to,
                 "give {from: file:<id>, to: " + file.to + "}; " + file.help);
  }
}

const Template& chosen_template(const SpecReader& top, const templates::Catalogue* catalogue) {
  if (!top.find("template")) top.refuse("params", "are those of a template, and none is named", "give template too");
  for (const char* key : {"setup", "run"})
    if (top.find(key)) top.refuse(key, "the template gives it", "leave out either template or " + std::string(key));
  static const templates::Catalogue kNone;
  try {
    return (catalogue != nullptr ? *catalogue : kNone).find(top.text("template"));
  } catch (const Error& error) {
    top.refuse("template", error.what(), error.hint);
  }
}

templates::Params params_of(const SpecReader& top, const Template& chosen) {
  const auto value = top.find("params");
  if (!value) return {chosen, std::string_view()};
  simdjson::dom::object given;
  if (value->get(given) != simdjson::SUCCESS) top.wrong_type("params", "a map", *value);
  return {chosen, given};
}

}  // namespace

void apply_template(const SpecReader& top, const templates::Catalogue* catalogue, JobSpec& spec) {
  const Template& chosen = chosen_template(top, catalogue);
  check_inputs(top, chosen, spec.inputs);
  const templates::Params params = params_of(top, chosen);
  templates::Rendering made = templates::render(chosen, params);
  spec.setup = made.setup;
  spec.run = made.run;
  if (!top.find("log_parser")) spec.log_parser = made.log_parser;
  if (!top.find("outputs")) spec.outputs = made.outputs;
  if (!top.find("checkpoints")) {
    spec.checkpoints.path = made.checkpoints;
    spec.checkpoints.every_minutes = made.checkpoint_minutes;
  }
  if (spec.serve.command.empty()) spec.serve.command = made.serve;
  if (spec.resources.image.empty()) spec.resources.image = made.image;
  for (const auto& variable : made.env) {
    const bool given =
        std::any_of(spec.env.begin(), spec.env.end(), [&](const auto& one) { return one.first == variable.first; });
    if (!given) spec.env.push_back(variable);
  }
  spec.from_template = {chosen.id, params.json(), std::move(made.files), made.gpu_memory};
}

void write_rendered(JsonWriter& json, const JobSpec& spec) {
  const FromTemplate& from = spec.from_template.value();
  json.member("template", from.id).key("params").raw(from.params);
  json.key(kRendered).begin_object().member("setup", spec.setup).member("run", spec.run);
  json.member("gpu_memory", static_cast<int64_t>(from.gpu_memory)).key("files").begin_array();
  for (const StagedFile& file : from.files) {
    json.begin_object().member("to", file.to);
    file.source.empty() ? json.member("content", file.content) : json.member("source", file.source);
    json.end_object();
  }
  json.end_array().end_object();
}

void read_rendered(const SpecReader& top, JobSpec& spec) {
  FromTemplate from;
  from.id = top.text("template");
  if (const auto params = top.find("params")) from.params = simdjson::minify(*params);
  const auto in = top.object(kRendered, {"setup", "run", "gpu_memory", "files"});
  if (!in) top.refuse(kRendered, "is missing");
  spec.setup = in->text("setup");
  spec.run = in->text("run");
  from.gpu_memory = static_cast<uint64_t>(in->count("gpu_memory", 0));
  simdjson::dom::array list;
  if (const auto files = in->find("files"); !files || files->get(list) != simdjson::SUCCESS)
    in->refuse("files", "is missing");
  for (const simdjson::dom::element item : list) {
    simdjson::dom::object map;
    if (item.get(map) != simdjson::SUCCESS) in->wrong_type("files", "a list of maps", item);
    const SpecReader file(map, in->at("files"), {"to", "source", "content"});
    from.files.push_back({file.text("to"), file.text("source"), file.text("content")});
  }
  spec.from_template = std::move(from);
}

}  // namespace stoker::jobs
