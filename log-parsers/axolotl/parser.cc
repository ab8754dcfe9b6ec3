#include "parser.h"

#include <charconv>

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

// "79,953,920 || ..."
std::int64_t leading_number(std::string_view text) {
  std::int64_t value = 0;
  int digits = 0;
  for (const char c : text) {
    if (c == ',') continue;
    if (c < '0' || c > '9' || ++digits > 18) break;
    value = value * 10 + (c - '0');
  }
  return digits > 0 ? value : -1;
}

}  // namespace

Parser::Parser(const StreamInfo& info) : lines_(info.start_offset, info.max_line_bytes) {
  trainer_.framework("axolotl", {});
}

void Parser::push(std::string_view bytes, const LogEmit& emit) {
  lines_.push(bytes, [&](const LogLine& line) { read(line, emit); });
}

void Parser::finish(std::int32_t /*why*/, const LogEmit& emit) {
  lines_.finish([&](const LogLine& line) { read(line, emit); });
  trainer_.finish(emit);
}

void Parser::read(const LogLine& line, const LogEmit& emit) {
  const bool capital = has_capital(line.text);  // else neither a version block begins nor does the logger say something
  if (capital || version_lines_left_ > 0) read_versions(line.text);
  read_parameters(line.text);
  if (!capital) return trainer_.read(line, emit);
  if (const auto message = find_message(line.text)) read_message(line, message->text, emit);
  trainer_.read(line, emit);
}

void Parser::read_message(const LogLine& line, std::string_view text, const LogEmit& emit) {
  if (text.starts_with("Starting trainer")) {
    trainer_.start(line, known_, emit);
    return;
  }
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

// As PEFT prints it: "trainable params: 79,953,920 || all params: 6,818,369,536 || trainable%: 1.17".
void Parser::read_parameters(std::string_view line) {
  constexpr std::string_view kTrainable = "trainable params: ";
  if (line.empty() || line.back() < '0' || line.back() > '9') return;
  const std::size_t at = line.find(kTrainable);
  if (at != std::string_view::npos && has(line, "|| all params: "))
    known_.trainable_parameters = leading_number(line.substr(at + kTrainable.size()));
}

int Parser::detect(std::string_view head) {
  if (has(head, "] [axolotl.") || has(head, "Axolotl Dependency Versions")) return 95;
  if (has(head, "axolotl.cli.") || has(head, "/axolotl/")) return 85;
  return transformers::Trainer::detect(head) / 2;  // it reads what a Trainer prints, but the other one is meant for it
}

}  // namespace stoker::axolotl
