#include "parser.h"

#include <algorithm>

#include "message.h"

namespace stoker::axolotl {
namespace {

constexpr int kVersionLines = 40;
constexpr std::size_t kLongestVersion = 40;

bool has(std::string_view text, std::string_view part) noexcept { return text.find(part) != std::string_view::npos; }

// What the logger says when a phase begins. The first that fits counts.
struct PhaseSign {
  std::string_view text, phase;
};
constexpr PhaseSign kPhases[] = {
    {"Loading raw datasets", "tokenize"},
    {"Unable to find prepared dataset", "tokenize"},
    {"Loading prepared dataset from disk", "tokenize"},
    {"Saving merged prepared dataset to disk", "tokenize"},
    {"loading model and", "load_model"},
    {"Loading model", "load_model"},
    {"raining completed! Saving", "save"},
    {"raining Completed!!! Saving", "save"},
    {"unning merge of LoRA", "merge"},
    {"erging LoRA with base model", "merge"},
};

}  // namespace

Parser::Parser(const StreamInfo& info) : lines_(info.start_offset, info.max_line_bytes) {
  trainer_.framework("axolotl", {});
}

void Parser::push(std::string_view bytes, const LogEmit& emit) {
  lines_.push(
      bytes, [&](const LogLine& line) { read(line, emit); },
      [&](std::string_view rest, std::uint64_t first_byte) {
        return version_lines_left_ > 0 ? 0 : trainer_.read_frame(rest, first_byte, emit);
      });
}

void Parser::finish(std::int32_t /*why*/, const LogEmit& emit) {
  lines_.finish([&](const LogLine& line) { read(line, emit); });
  trainer_.finish(emit);
}

void Parser::read(const LogLine& line, const LogEmit& emit) {
  const bool capital = has_capital(line.text);  // else neither a version block begins nor does the logger say something
  if (capital || version_lines_left_ > 0) read_versions(line.text);
  if (!capital) return trainer_.read(line, emit);
  if (const auto message = find_message(line.text)) read_message(line, message->text, emit);
  trainer_.read(line, emit);
}

void Parser::read_message(const LogLine& line, std::string_view text, const LogEmit& emit) {
  if (text.starts_with("Starting trainer")) {
    transformers::Start start;
    start.facts = preparation_.facts();
    trainer_.start(line, start, emit);
    return;
  }
  if (preparation_.read(text)) return;
  if (const double used = memory_while_training(text); used >= 0) return tell_memory(line, text, used, emit);
  for (const PhaseSign& sign : kPhases) {
    if (!has(text, sign.text)) continue;
    trainer_.phase(line, sign.phase, emit);
    return;
  }
}

// Behind "**** Axolotl Dependency Versions *****" stand lines "torch: 2.3.1".
void Parser::read_versions(std::string_view line) {
  if (has(line, "Axolotl Dependency Versions")) {
    version_lines_left_ = kVersionLines;
    return;
  }
  if (version_lines_left_ == 0) return;
  --version_lines_left_;
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size()), colon = line.find(": ");
  if (colon == std::string_view::npos || colon < begin) return;
  const std::string_view name = line.substr(begin, colon - begin), version = line.substr(colon + 2);
  if (version.empty() || version.size() > kLongestVersion || has(version, " ")) return;
  if (name == "axolotl") version_ = version;
  if (name == "transformers") transformers_version_ = version;
  if (name == "torch") torch_version_ = version;
  trainer_.framework("axolotl", version_);
  trainer_.versions(transformers_version_, torch_version_);
}

void Parser::tell_memory(const LogLine& line, std::string_view text, double used_gib, const LogEmit& emit) {
  const std::string shown = utf8_text(text);
  const stoker_field fields[] = {field("used_gib", used_gib), field("terminal", false)};
  LogEvent event;
  event.kind = STOKER_EVENT_DIAGNOSIS;
  event.severity = STOKER_SEVERITY_INFO;
  event.first_byte = line.first_byte;
  event.last_byte = line.last_byte;
  event.name = "gpu_memory";
  event.text = shown;
  event.fields = fields;
  emit(event);
}

int Parser::detect(std::string_view head) {
  if (has(head, "] [axolotl.") || has(head, "Axolotl Dependency Versions")) return 95;
  if (has(head, "axolotl.cli.") || has(head, "/axolotl/")) return 85;
  return transformers::Trainer::detect(head) / 2;  // it reads what a Trainer prints, but the other one is meant for it
}

}  // namespace stoker::axolotl
