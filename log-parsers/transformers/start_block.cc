#include "start_block.h"

#include <charconv>

namespace stoker::transformers {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// What follows `name` up to a blank: "Transformers: 5.5.0." -> "5.5.0".
std::string version_after(std::string_view line, std::string_view name) {
  const auto at = line.find(name);
  if (at == kNone) return {};
  auto text = line.substr(at + name.size());
  text = text.substr(0, text.find_first_of(" \t"));
  while (!text.empty() && (text.back() == '.' || text.back() == ':' || text.back() == ',')) text.remove_suffix(1);
  return std::string(text.substr(0, 40));
}

struct Key {
  std::string_view name;
  std::int64_t Start::* member;
};

constexpr Key kKeys[] = {
    {"Num examples", &Start::num_examples},
    {"Num Epochs", &Start::num_epochs},
    {"Total optimization steps", &Start::total_steps},
    {"Total steps", &Start::total_steps},
    {"Instantaneous batch size per device", &Start::batch_size},
    {"Batch size per device", &Start::batch_size},
    {"Gradient Accumulation steps", &Start::gradient_accumulation},
    {"Gradient accumulation steps", &Start::gradient_accumulation},
    {"Total train batch size", &Start::total_batch_size},
    {"Total batch size", &Start::total_batch_size},
    {"Number of trainable parameters", &Start::trainable_parameters},
    {"Trainable parameters", &Start::trainable_parameters},
};

constexpr std::string_view kResumed = "Continuing training from global step ";

}  // namespace

std::int64_t read_whole(std::string_view text) noexcept {
  std::int64_t value = 0;
  bool any = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (value > 100'000'000'000'000'000) return -1;
      value = value * 10 + (c - '0');
      any = true;
    } else if (c != ',') {
      break;
    }
  }
  return any ? value : -1;
}

bool StartBlock::feed(std::string_view line) {
  if (line.find("==((====))==") != kNone) read_versions(line);
  const bool banner = line.find("Unsloth - 2x faster") != kNone;
  if (banner || line.find("***** Running training *****") != kNone) {
    const bool was_open = open_ && start_.total_steps >= 0 && !banner;
    if (!open_ || banner) {
      Start fresh;
      fresh.framework = banner ? "unsloth" : start_.framework;
      fresh.version = start_.version;
      fresh.transformers_version = start_.transformers_version;
      fresh.torch_version = start_.torch_version;
      start_ = fresh;
    }
    open_ = true;
    return was_open;
  }
  if (!open_) {
    if (line.find("Torch: ") != kNone) start_.torch_version = version_after(line, "Torch: ");
    return false;
  }
  if (line.empty() || read_values(line)) return false;
  open_ = false;
  return true;
}

bool StartBlock::finish() {
  const bool ended = open_;
  open_ = false;
  return ended;
}

bool StartBlock::read_values(std::string_view line) {
  bool any = false;
  if (const auto at = line.find(kResumed); at != kNone) {
    start_.resumed_step = read_whole(line.substr(at + kResumed.size()));
    any = true;
  }
  for (const auto& key : kKeys) {
    const auto at = line.find(key.name);
    if (at == kNone) continue;
    const auto equals = line.find("= ", at);
    if (equals == kNone) continue;
    start_.*key.member = read_whole(line.substr(equals + 2));
    any = true;
  }
  return any || line.find("Continuing training from") != kNone || line.find("will skip to saved") != kNone;
}

void StartBlock::read_versions(std::string_view line) {
  auto version = version_after(line, "Unsloth ");
  if (version.empty() || version.front() < '0' || version.front() > '9') return;
  start_.framework = "unsloth";
  start_.version = std::move(version);
  start_.transformers_version = version_after(line, "Transformers: ");
  if (start_.transformers_version.empty()) start_.transformers_version = version_after(line, "Transformers = ");
}

}  // namespace stoker::transformers
