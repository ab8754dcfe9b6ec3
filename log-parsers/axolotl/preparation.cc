#include "preparation.h"

#include <algorithm>
#include <charconv>

namespace stoker::axolotl {
namespace {

using transformers::Fact;

// In the message behind `words`; where it is written as a line of the configuration, backticks stand around it.
struct Word {
  std::string_view words, name;
};
constexpr Word kWords[] = {
    {"total_num_tokens: ", "num_tokens"},
    {"total_supervised_tokens: ", "num_supervised_tokens"},
    {"total_num_steps: ", "expected_steps"},
    {"sample_packing_eff_est: ", "packing_efficiency"},
    {"memory usage baseline: ", "gpu_memory_baseline_gib"},
    {"memory usage after model load: ", "gpu_memory_after_model_load_gib"},
    {"memory usage after adapters: ", "gpu_memory_after_adapters_gib"},
};

double number_after(std::string_view message, std::string_view words) noexcept {
  const auto at = message.find(words);
  if (at == std::string_view::npos) return -1;
  const auto text = message.substr(at + words.size());
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return error == std::errc{} && value >= 0 && value < 1e15 ? value : -1;
}

}  // namespace

bool Preparation::read(std::string_view message) {
  for (const Word& word : kWords) {
    const double value = number_after(message, word.words);
    if (value < 0) continue;
    const auto known =
        std::find_if(facts_.begin(), facts_.end(), [&](const Fact& fact) { return fact.name == word.name; });
    if (known == facts_.end())
      facts_.push_back({word.name, value});
    else
      known->value = value;
    return true;
  }
  return false;
}

double memory_while_training(std::string_view message) noexcept {
  return number_after(message, "memory usage while training: ");
}

}  // namespace stoker::axolotl
