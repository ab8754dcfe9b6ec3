#include "core/runner/spec.h"

#include <algorithm>

#include "core/runner/failure.h"
#include "core/runner/protocol.h"
#include "core/runner/record.h"

namespace stoker::runner {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Failure(kExitFailed, "spec.json: " + what); }

std::string as_text(const JsonValue& value, const std::string& where) {
  if (value.kind != JsonValue::Kind::kText) refuse(where + " is not a string");
  const std::string& text = value.text;
  if (text.find('\0') != std::string::npos) refuse(where + " holds a NUL");
  return text;
}

std::string parse_command(const JsonValue& phase, const std::string& where) {
  const auto* command = phase.find("command");
  if (command == nullptr) refuse(where + ".command is missing");
  return as_text(*command, where + ".command");
}

}  // namespace

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Spec parse_spec(std::string_view text) {
  const auto record = Record::parse(text);
  if (!record) refuse("not a JSON object");
  Spec spec;
  spec.job = record->text("job");
  if (spec.job.empty() || spec.job.find('\0') != std::string::npos) refuse("job is missing");
  spec.attempt = record->integer("attempt", -1);
  if (spec.attempt < 0) refuse("attempt is missing");
  const auto* phases = record->json().find("phases");
  if (phases == nullptr || phases->kind != JsonValue::Kind::kObject) refuse("phases is missing");
  for (const char* phase : {"setup", "train"})
    if (const auto* value = phases->find(phase))
      spec.commands[phase] = parse_command(*value, std::string("phases.") + phase);
  if (const auto* env = record->json().find("env")) {
    if (env->kind != JsonValue::Kind::kObject) refuse("env is not an object");
    for (const auto& value : env->members) {
      const std::string& name = value.name;
      if (!is_variable_name(name)) refuse("env: \"" + name + "\" is not a name of a variable");
      spec.env.emplace_back(name, as_text(value, "env." + name));
    }
  }
  return spec;
}

}  // namespace stoker::runner
