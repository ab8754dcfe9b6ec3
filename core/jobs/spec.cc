#include "core/jobs/spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/jobs/spec_template.h"
#include "core/nearest.h"
#include "core/spec_reader.h"
#include "sdk/include/stoker/cpp/gpu_model.hpp"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

using Names = std::vector<std::string>;

constexpr size_t kMaxSpecBytes = 1 << 20;
constexpr size_t kMaxWordBytes = 128 * 1024 - 1;  // Linux hands a process no longer word (MAX_ARG_STRLEN)
constexpr double kMaxMoney = 1e6;
constexpr double kMaxHours = 10 * 365 * 24;
constexpr double kMaxMinutes = 365 * 24 * 60;
constexpr double kMaxDiskGb = 1e6;

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void check_variables(const SpecReader& top, const char* key,
                     const std::vector<std::pair<std::string, std::string>>& list) {
  for (const auto& [name, value] : list) {
    const std::string where = std::string(key) + "." + name;
    if (!is_variable_name(name))
      top.refuse(where, "is not a name for an environment variable", "use letters, digits and _");
    if (name.starts_with("STOKER_")) top.refuse(where, "names beginning with STOKER_ are the agent's own");
  }
}

// A relative path that stays below its folder.
void check_relative(const SpecReader& in, std::string_view key, const std::string& path) {
  if (path.empty()) in.refuse(key, "must not be empty");
  if (path.front() == '/') in.refuse(key, "must be relative to the working directory");
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (path.substr(start, end - start) == "..") in.refuse(key, "must not leave the working directory with '..'");
    start = end + 1;
  }
  if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '\\'; }))
    in.refuse(key, "contains a control character or a backslash");
}

// One spelling for each place: "./data/" is "data".
std::string tidy_path(const SpecReader& in, std::string_view key, const std::string& path) {
  check_relative(in, key, path);
  std::string tidy;
  for (size_t start = 0; start < path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string part = path.substr(start, end - start);
    if (!part.empty() && part != ".") tidy += (tidy.empty() ? "" : "/") + part;
    start = end + 1;
  }
  if (tidy.empty()) in.refuse(key, "must name a file or folder below the working directory");
  return tidy;
}

Resources read_resources(const SpecReader& in) {
  Resources out;
  const std::string gpu = in.text("gpu");
  const size_t colon = gpu.find(':');
  out.gpu = gpu_model(gpu.substr(0, colon));
  out.gpu_count = gpu.empty() ? 0 : 1;
  if (colon != std::string::npos) {
    const char* end = gpu.data() + gpu.size();
    const auto [stop, error] = std::from_chars(gpu.data() + colon + 1, end, out.gpu_count);
    if (error != std::errc() || stop != end || out.gpu_count < 1 || out.gpu_count > 64)
      in.refuse("gpu", "must be MODEL or MODEL:COUNT with a count from 1 to 64", "for example H100:1");
  }
  out.max_price_per_hour = in.amount("max_price_per_hour", 0);
  out.region = in.text("region");
  if (out.region == "any") out.region.clear();
  out.machine = in.text("machine");
  out.image = in.text("image");
  out.spot = in.boolean("spot", false);
  out.disk_gb = in.count("disk_gb", 0);
  return out;
}

std::vector<Input> read_inputs(const SpecReader& top) {
  std::vector<Input> out;
  const auto value = top.find("inputs");
  if (!value) return out;
  simdjson::dom::array list;
  if (value->get(list) != simdjson::SUCCESS) top.wrong_type("inputs", "a list of {from, to}", *value);
  for (const simdjson::dom::element item : list) {
    const std::string where = "inputs[" + std::to_string(out.size()) + "]";
    simdjson::dom::object map;
    if (item.get(map) != simdjson::SUCCESS) top.wrong_type(where, "a map with from and to", item);
    const SpecReader in(map, where, {"from", "to"});
    Input input{in.text("from"), in.text("to")};
    if (input.from.empty()) in.refuse("from", "is missing", "name a path or file:<id>");
    if (input.to.empty() && !input.from.starts_with("file:")) {
      const std::string trimmed = input.from.substr(0, input.from.find_last_not_of('/') + 1);
      input.to = trimmed.substr(trimmed.find_last_of('/') + 1);
    }
    input.to = tidy_path(in, "to", input.to);
    if (!input.from.starts_with("file:") && !input.from.starts_with("/"))
      in.refuse("from", "must be an absolute path or file:<id>", "`stoker run` resolves relative paths by itself");
    out.push_back(std::move(input));
  }
  return out;
}

void read_after(const SpecReader& top, JobSpec& out) {
  const auto value = top.find("after");
  if (!value) return;
  if (value->is_string()) {
    const std::string word = top.text("after");
    if (word == "keep")
      out.after = After::keep;
    else if (word != "destroy")
      top.refuse("after", "must be destroy, keep or {keep_idle_minutes: N}, not '" + word + "'");
    return;
  }
  const auto in = top.object("after", {"keep_idle_minutes"});
  if (!in->find("keep_idle_minutes")) top.refuse("after", "must be destroy, keep or {keep_idle_minutes: N}");
  out.after = After::keep;
  out.keep_idle_minutes = in->count("keep_idle_minutes", 0);
}

void read_secrets(const SpecReader& top, JobSpec& out) {
  out.secrets = top.scalars("secrets");
  check_variables(top, "secrets", out.secrets);
  for (const auto& [name, value] : out.secrets) {
    const std::string where = "secrets." + name;
    if (value.empty()) top.refuse(where, "is empty", "a secret needs a value; leave the key out otherwise");
    if (value.size() > 64 * 1024) top.refuse(where, "is longer than 64 KiB");
  }
}

// Without setup and run, and what a template gives.
JobSpec read_plain(const SpecReader& top) {
  JobSpec out;
  out.name = top.text("name", top.text("template", "job"));
  if (out.name.empty() || out.name.size() > 100) top.refuse("name", "must have 1 to 100 bytes");
  out.providers = top.texts("provider");
  if (out.providers == Names{"any"}) out.providers.clear();
  if (const auto in =
          top.object("resources", {"gpu", "machine", "image", "max_price_per_hour", "region", "spot", "disk_gb"}))
    out.resources = read_resources(*in);
  out.inputs = read_inputs(top);
  out.env = top.scalars("env");
  check_variables(top, "env", out.env);
  out.log_parser = top.text("log_parser", "auto");
  out.outputs = top.texts("outputs");
  for (size_t i = 0; i < out.outputs.size(); ++i)
    check_relative(top, "outputs[" + std::to_string(i) + "]", out.outputs[i]);
  if (const auto in = top.object("checkpoints", {"path", "every_minutes", "keep"})) {
    out.checkpoints = {in->text("path"), in->amount("every_minutes", 10), in->count("keep", out.checkpoints.keep)};
    check_relative(*in, "path", out.checkpoints.path);
  }
  if (const auto in = top.object("serve", {"command", "port"})) {
    out.serve = {in->text("command"), in->count("port", 0)};
    if (out.serve.command.empty()) in->refuse("command", "is missing", "give the command that serves the model");
    if (out.serve.port > 65535) in->refuse("port", "must be at most 65535", "leave it out for a free one");
  }
  if (const auto in = top.object("limits", {"max_cost", "max_hours"})) {
    out.max_cost = in->amount("max_cost", 0);
    out.max_hours = in->amount("max_hours", 0);
    for (const char* key : {"max_cost", "max_hours"})
      if (in->find(key) && in->amount(key, 0) == 0)
        in->refuse(key, "must be more than 0", "leave the key out for no cap");
  }
  read_after(top, out);
  return out;
}

void read_commands(const SpecReader& top, JobSpec& out) {
  out.setup = top.text("setup");
  out.run = top.text("run");
  if (out.run.find_first_not_of(" \t\r\n") == std::string::npos)
    top.refuse("run", "is missing", "give the command that trains, for example: run: python train.py");
}

const Names kTopKeys = {"name",  "provider", "resources",  "template", "params",      "inputs", "env",    "secrets",
                        "setup", "run",      "log_parser", "outputs",  "checkpoints", "serve",  "limits", "after"};

void check_known(const Names& asked, const Names& known, const char* key, const char* what) {
  for (const std::string& name : asked) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string close = nearest(name, known);
    throw Error(Fault::invalid, std::string(key) + ": no " + what + " '" + name + "' is enabled here",
                close.empty() ? "stoker plugins list shows what there is; stoker plugins enable " + name + " adds it"
                              : "did you mean '" + close + "'?",
                key);
  }
}

// What would overflow, or would fail only on a machine that is paid for.
void check_bounds(const JobSpec& spec) {
  const auto at_most = [](const char* field, double value, double most) {
    if (value > most)
      throw Error(Fault::invalid, std::string(field) + ": must be at most " + std::to_string(std::llround(most)), {},
                  field);
  };
  at_most("resources.max_price_per_hour", spec.resources.max_price_per_hour, kMaxMoney);
  at_most("resources.disk_gb", static_cast<double>(spec.resources.disk_gb), kMaxDiskGb);
  at_most("checkpoints.every_minutes", spec.checkpoints.every_minutes, kMaxMinutes);
  at_most("limits.max_cost", spec.max_cost, kMaxMoney);
  at_most("limits.max_hours", spec.max_hours, kMaxHours);
  at_most("after.keep_idle_minutes", static_cast<double>(spec.keep_idle_minutes.value_or(0)), kMaxMinutes);
  const auto fits = [](const std::string& field, size_t bytes) {
    if (bytes > kMaxWordBytes)
      throw Error(Fault::invalid, field + ": is longer than 128 KiB", "put it into a file and name that in inputs",
                  field);
  };
  fits("setup", spec.setup.size());
  fits("run", spec.run.size());
  fits("serve.command", spec.serve.command.size());
  for (const auto& [name, value] : spec.env) fits("env." + name, name.size() + 1 + value.size());
}

// What only the user's own token may ask for: their files, and a bill without an end.
void check_scope(const JobSpec& spec) {
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    const std::string field = "inputs[" + std::to_string(i) + "].from";
    if (!spec.inputs[i].from.starts_with("file:"))
      throw Error(Fault::forbidden, field + ": this token may not name paths of this machine",
                  "upload it with POST /v1/files and use file:<id>", field);
  }
  if (spec.after == After::keep && !spec.keep_idle_minutes)
    throw Error(Fault::forbidden, "after: this token may not keep a machine without an end",
                "use {keep_idle_minutes: N}", "after");
}

simdjson::dom::object top_object(simdjson::dom::parser& parser, std::string_view json) {
  if (json.size() > kMaxSpecBytes)
    throw Error(Fault::invalid, "the job spec is larger than 1 MiB", "put data into inputs");
  simdjson::dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root))
    throw Error(Fault::invalid, std::string("the job spec is not JSON: ") + simdjson::error_message(error));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) throw Error(Fault::invalid, "the job spec must be a map");
  return object;
}

}  // namespace

JobSpec parse_spec(std::string_view json, const SpecRules& rules) {
  simdjson::dom::parser parser(4 << 20);
  const SpecReader top(top_object(parser, json), "", kTopKeys);
  JobSpec spec = read_plain(top);
  top.find("template") || top.find("params") ? apply_template(top, rules.templates, spec) : read_commands(top, spec);
  read_secrets(top, spec);
  check_known(spec.providers, rules.providers, "provider", "provider");
  if (spec.log_parser != "auto" && spec.log_parser != "none")
    check_known({spec.log_parser}, rules.log_parsers, "log_parser", "log parser");
  check_bounds(spec);
  if (!rules.local_paths) check_scope(spec);
  return spec;
}

JobSpec stored_spec(std::string_view json) {
  simdjson::dom::parser parser(4 << 20);
  Names keys = kTopKeys;
  keys.emplace_back(kRendered);
  const SpecReader top(top_object(parser, json), "", keys);
  JobSpec spec = read_plain(top);
  top.find("template") ? read_rendered(top, spec) : read_commands(top, spec);
  for (const std::string& name : top.texts("secrets")) spec.secrets.emplace_back(name, "");
  return spec;
}

std::string to_json(const JobSpec& spec) {
  JsonWriter json;
  const auto texts = [&](const char* key, const Names& list) {
    if (list.empty()) return;
    json.key(key).begin_array();
    for (const std::string& text : list) json.text(text);
    json.end_array();
  };
  json.begin_object().member("name", spec.name);
  texts("provider", spec.providers);
  const Resources& need = spec.resources;
  json.key("resources").begin_object();
  if (!need.gpu.empty()) json.member("gpu", need.gpu + ":" + std::to_string(need.gpu_count));
  if (need.max_price_per_hour > 0) json.member("max_price_per_hour", need.max_price_per_hour);
  if (!need.region.empty()) json.member("region", need.region);
  if (!need.machine.empty()) json.member("machine", need.machine);
  if (!need.image.empty()) json.member("image", need.image);
  json.member("spot", need.spot).member("disk_gb", need.disk_gb).end_object();
  json.key("inputs").begin_array();
  for (const Input& input : spec.inputs)
    json.begin_object().member("from", input.from).member("to", input.to).end_object();
  json.end_array().key("env").begin_object();
  for (const auto& [name, value] : spec.env) json.member(name, value);
  json.end_object();
  Names secret_names;
  for (const auto& [name, value] : spec.secrets) secret_names.push_back(name);
  texts("secrets", secret_names);
  if (spec.from_template) {
    write_rendered(json, spec);
  } else {
    if (!spec.setup.empty()) json.member("setup", spec.setup);
    json.member("run", spec.run);
  }
  json.member("log_parser", spec.log_parser);
  texts("outputs", spec.outputs);
  if (!spec.checkpoints.path.empty()) {
    json.key("checkpoints").begin_object().member("path", spec.checkpoints.path);
    json.member("every_minutes", spec.checkpoints.every_minutes).member("keep", spec.checkpoints.keep).end_object();
  }
  if (!spec.serve.command.empty())
    json.key("serve").begin_object().member("command", spec.serve.command).member("port", spec.serve.port).end_object();
  json.key("limits").begin_object();
  if (spec.max_cost > 0) json.member("max_cost", spec.max_cost);
  if (spec.max_hours > 0) json.member("max_hours", spec.max_hours);
  json.end_object();
  if (spec.keep_idle_minutes)
    json.key("after").begin_object().member("keep_idle_minutes", *spec.keep_idle_minutes).end_object();
  else
    json.member("after", spec.after == After::keep ? "keep" : "destroy");
  return json.end_object().str();
}

}  // namespace stoker::jobs
