#include "core/templates/manifest.h"

#include <algorithm>

#include "core/error.h"
#include "core/private_file.h"

namespace stoker::templates {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxManifest = 256 * 1024;

// Calls `read` with each map of the list at `key`, if there is one.
template <typename Read>
void for_each_map(const SpecReader& in, const char* key, const std::vector<std::string>& known, Read&& read) {
  const auto value = in.find(key);
  if (!value) return;
  simdjson::dom::array list;
  if (value->get(list) != simdjson::SUCCESS) in.wrong_type(key, "a list of maps", *value);
  size_t at = 0;
  for (const simdjson::dom::element item : list) {
    const std::string where = std::string(key) + "[" + std::to_string(at++) + "]";
    simdjson::dom::object map;
    if (item.get(map) != simdjson::SUCCESS) in.wrong_type(where, "a map", item);
    read(SpecReader(map, where, known));
  }
}

std::string required_text(const SpecReader& in, const char* key) {
  std::string text = in.text(key);
  if (text.empty()) in.refuse(key, "is missing");
  return text;
}

// "train.py" of "tiny-lm" is "tiny-lm/train.py", "../parts/serve.py" is "parts/serve.py".
std::vector<std::string> read_files(const SpecReader& in, const fs::path& templates, const std::string& id) {
  std::vector<std::string> files;
  for (const std::string& name : in.texts("files")) {
    const std::string file = (fs::path(id) / name).lexically_normal().generic_string();
    if (file.starts_with("..") || file.starts_with('/')) in.refuse("files", name + " is outside of the templates");
    if (!fs::is_regular_file(templates / file)) in.refuse("files", "there is no " + (templates / file).string());
    files.push_back(file);
  }
  return files;
}

std::optional<MemoryFormula> read_memory(const SpecReader& top) {
  const auto in = top.object("gpu_memory", {"overhead", "sequences", "activation", "logit", "methods"});
  if (!in) return std::nullopt;
  MemoryFormula formula;
  formula.overhead = in->amount("overhead", 0);
  formula.sequences = in->amount("sequences", 1);
  formula.activation = in->amount("activation", 0);
  formula.logit = in->amount("logit", 0);
  for_each_map(*in, "methods", {"method", "weight", "adapter"}, [&](const SpecReader& one) {
    formula.methods[required_text(one, "method")] = {one.amount("weight", 0), one.amount("adapter", 0)};
  });
  if (formula.methods.empty()) in->refuse("methods", "is missing");
  return formula;
}

void read_parameters(const SpecReader& top, Template& out) {
  for_each_map(top, "parameters",
               {"name", "type", "default", "exceptions", "min", "max", "choices", "help", "argument"},
               [&](const SpecReader& in) {
                 Parameter parameter = read_parameter(in);
                 if (out.find(parameter.name) != nullptr) in.refuse("name", parameter.name + " is given twice");
                 out.parameters.push_back(std::move(parameter));
               });
  for (const Parameter& parameter : out.parameters)
    for (const Parameter::Exception& exception : parameter.exceptions)
      if (out.find(exception.parameter) == nullptr)
        top.refuse("parameters", parameter.name + " has an exception for " + exception.parameter + ", which is none");
}

Template read(const SpecReader& top, const fs::path& templates, const std::string& id) {
  Template out;
  out.id = id;
  out.title = required_text(top, "title");
  out.summary = required_text(top, "summary");
  out.task = top.text("task", "chat");
  if (out.task != "chat" && out.task != "preference") top.refuse("task", "must be chat or preference");
  out.ran_on = top.text("ran_on", "nothing");
  out.image = top.text("image");
  out.setup = top.text("setup");
  out.run = required_text(top, "run");
  out.serve = top.text("serve");
  out.log_parser = top.text("log_parser", "auto");
  out.packages = top.texts("packages");
  for (const std::string& package : out.packages)
    if (package.find("==") == std::string::npos) top.refuse("packages", package + " has no exact version");
  out.outputs = top.texts("outputs");
  out.files = read_files(top, templates, id);
  out.env = top.scalars("env");
  if (const auto in = top.object("checkpoints", {"path", "every_minutes"})) {
    out.checkpoints = required_text(*in, "path");
    out.checkpoint_minutes = in->amount("every_minutes", 10);
  }
  for_each_map(top, "data", {"to", "required", "help"}, [&](const SpecReader& in) {
    out.data.push_back({required_text(in, "to"), in.text("help"), in.boolean("required", true)});
  });
  if (out.data.empty()) top.refuse("data", "is missing");
  read_parameters(top, out);
  out.gpu_memory = read_memory(top);
  if (out.gpu_memory && out.find("model") == nullptr)
    top.refuse("gpu_memory", "can not be told without a parameter named model");
  return out;
}

}  // namespace

const Parameter* Template::find(const std::string& parameter) const {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& one) { return one.name == parameter; });
  return found == parameters.end() ? nullptr : &*found;
}

std::vector<std::string> Template::parameter_names() const {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name);
  return names;
}

Template read_template(const fs::path& templates, const std::string& id) {
  const fs::path path = templates / id / "manifest.json";
  const std::string text = read_file(path, kMaxManifest);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (const auto error = parser.parse(text).get(object))
    throw Error(Fault::invalid, path.string() + ": " + simdjson::error_message(error));
  try {
    const SpecReader top(object, "",
                         {"title", "summary", "task", "ran_on", "image", "packages", "files", "setup", "run", "serve",
                          "env", "log_parser", "outputs", "checkpoints", "data", "parameters", "gpu_memory"});
    return read(top, templates, id);
  } catch (const Error& error) {
    throw Error(error.fault, path.string() + ": " + error.what(), error.hint);
  }
}

}  // namespace stoker::templates
