#include "core/cli/job_file.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "core/error.h"
#include "core/private_file.h"

namespace stoker::cli {
namespace {

// "inputs[0].from", "inputs.0.from" and "/inputs/0/from" are the same way down.
std::vector<std::string> steps_of(std::string_view field) {
  std::vector<std::string> steps;
  std::string step;
  for (const char c : field) {
    if (c == '.' || c == '[' || c == ']' || c == '/') {
      if (!step.empty()) steps.push_back(std::move(step));
      step.clear();
    } else {
      step += c;
    }
  }
  if (!step.empty()) steps.push_back(std::move(step));
  return steps;
}

const YamlNode* child(const YamlNode& node, const std::string& step) {
  if (node.kind == YamlNode::Kind::map) return node.find(step);
  size_t index = 0;
  const auto [end, fault] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool number = fault == std::errc{} && end == step.data() + step.size();
  return node.kind == YamlNode::Kind::sequence && number && index < node.items.size() ? &node.items[index] : nullptr;
}

std::pair<std::string, std::string> split_assignment(const std::string& text, const char* flag, const char* example) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(Fault::invalid, std::string(flag) + " " + text + ": no `=` after a name",
                std::string("write ") + flag + " " + example);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// Values from flags have no line: where() names the flags instead.
void forget_lines(YamlNode& node) {
  node.line = 0;
  for (auto& item : node.items) forget_lines(item);
}

// Environment values are text on the other side: 1.10 must not become 1.1.
void make_text(YamlNode& map) {
  for (auto& value : map.items)
    if (value.kind == YamlNode::Kind::scalar && scalar_type(value) != ScalarType::null) value.plain = false;
}

}  // namespace

JobFile::JobFile(std::string_view text, std::string name, std::filesystem::path folder)
    : name_(std::move(name)), folder_(std::move(folder)), root_(parse_yaml(text, name_)) {
  if (root_.kind == YamlNode::Kind::null)
    throw Error(Fault::invalid, name_ + " is empty", "a job names at least what to `run`");
  if (root_.kind != YamlNode::Kind::map)
    throw Error(Fault::invalid,
                name_ + ":" + std::to_string(root_.line) + ": a job is a map of keys, not " + type_name(root_));
}

JobFile JobFile::load(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path))
    throw Error(Fault::invalid, path.string() + " is a folder", "name the job's YAML file");
  const auto folder = std::filesystem::absolute(path).parent_path();
  std::string text;
  try {
    text = read_file(path, kMaxYamlBytes);
  } catch (const Error& e) {
    throw Error(Fault::invalid, e.what(), e.fault == Fault::not_found ? "name the job's YAML file" : e.hint);
  }
  return {text, path.string(), folder};
}

void JobFile::set(const std::string& assignment) {
  const auto [field, text] = split_assignment(assignment, "--set", "limits.max_cost=5");
  YamlNode value = parse_yaml(text, "--set " + field);
  forget_lines(value);
  YamlNode* node = &root_;
  for (const auto& step : steps_of(field)) {
    if (node->kind == YamlNode::Kind::sequence) {
      node = const_cast<YamlNode*>(child(*node, step));
      if (!node) throw Error(Fault::invalid, "--set " + field + ": the list has no entry " + step);
      continue;
    }
    if (node->kind == YamlNode::Kind::scalar)
      throw Error(Fault::invalid,
                  "--set " + field + ": what is before `" + step + "` is " + type_name(*node) + ", not a map");
    node = &node->member(step);
  }
  *node = std::move(value);
}

void JobFile::set_env(const std::string& assignment) {
  auto [name, value] = split_assignment(assignment, "--env", "EPOCHS=3");
  YamlNode& env = root_.member("env");
  if (env.kind == YamlNode::Kind::null) env.kind = YamlNode::Kind::map;
  if (env.kind != YamlNode::Kind::map)
    throw Error(Fault::invalid, where(env) + ": env must be a map, not " + type_name(env));
  env.member(name) = YamlNode::of_text(std::move(value));
}

void JobFile::set_provider(const std::string& providers) {
  YamlNode list;
  list.kind = YamlNode::Kind::sequence;
  for (size_t at = 0; at <= providers.size();) {
    const size_t end = std::min(providers.find(',', at), providers.size());
    if (end > at) list.items.push_back(YamlNode::of_text(providers.substr(at, end - at)));
    at = end + 1;
  }
  root_.member("provider") = list.items.size() == 1 ? list.items.front() : list;
}

void JobFile::resolve(const std::function<std::optional<std::string>(const std::string& name)>& variable) {
  if (const YamlNode* inputs = root_.find("inputs"); inputs && inputs->kind == YamlNode::Kind::sequence) {
    for (auto& input : root_.member("inputs").items) {
      const YamlNode* from = input.find("from");
      if (!from || from->kind != YamlNode::Kind::scalar || from->text.empty() || from->text.starts_with("file:"))
        continue;
      const std::filesystem::path path = from->text;
      if (path.is_relative()) input.member("from").text = (folder_ / path).lexically_normal().string();
    }
  }
  if (const YamlNode* env = root_.find("env"); env && env->kind == YamlNode::Kind::map) make_text(root_.member("env"));
  const YamlNode* secrets = root_.find("secrets");
  if (!secrets || secrets->kind != YamlNode::Kind::map) return;
  YamlNode& map = root_.member("secrets");
  for (size_t i = 0; i < map.items.size(); ++i) {
    YamlNode& value = map.items[i];
    if (value.kind != YamlNode::Kind::scalar || !value.text.starts_with("env:")) continue;
    const std::string name = value.text.substr(4);
    const auto found = variable(name);
    if (!found)
      throw Error(Fault::invalid,
                  where(value) + ": the secret " + map.keys[i] + " is to come from " + name + ", which is not set",
                  "run: export " + name + "=...", "secrets." + map.keys[i]);
    value.text = *found;
    value.plain = false;
  }
}

std::vector<std::string> JobFile::bare_secrets() const {
  constexpr size_t kShortest = 16;  // "PAD_TOKEN: <pad>" is none
  constexpr std::string_view kEnds[] = {"TOKEN", "KEY", "SECRET", "PASSWORD"};
  std::vector<std::string> names;
  const YamlNode* env = root_.find("env");
  if (!env || env->kind != YamlNode::Kind::map) return names;
  for (size_t i = 0; i < env->items.size(); ++i) {
    const std::string& name = env->keys[i];
    const bool named =
        std::any_of(std::begin(kEnds), std::end(kEnds), [&](std::string_view end) { return name.ends_with(end); });
    if (named && env->items[i].kind == YamlNode::Kind::scalar && env->items[i].text.size() >= kShortest)
      names.push_back(name);
  }
  return names;
}

std::string JobFile::json() const {
  JsonWriter out;
  try {
    write_json(out, root_);
  } catch (const Error& e) {
    throw Error(Fault::invalid, name_ + ": " + e.what(), e.hint);
  }
  return out.str();
}

std::string JobFile::where(std::string_view field) const {
  const YamlNode* node = &root_;
  for (const auto& step : steps_of(field)) {
    const YamlNode* next = child(*node, step);
    if (!next) break;
    node = next;
  }
  return where(*node);
}

std::string JobFile::where(const YamlNode& node) const {
  return node.line > 0 ? name_ + ":" + std::to_string(node.line) : name_ + " with the values given by flags";
}

}  // namespace stoker::cli
