#include "core/templates/model_size.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/nearest.h"

namespace stoker::templates {
namespace {

struct Known {
  std::string_view name;
  double billions;
};

// Whose names tell no number of parameters, or a wrong one: experts share weights, "E4B" counts only what is active.
constexpr Known kKnown[] = {
    {"distilgpt2", 0.082},
    {"openai-community/gpt2", 0.124},
    {"openai-community/gpt2-medium", 0.355},
    {"openai-community/gpt2-large", 0.774},
    {"openai-community/gpt2-xl", 1.56},
    {"microsoft/phi-1", 1.42},
    {"microsoft/phi-1_5", 1.42},
    {"microsoft/phi-2", 2.78},
    {"microsoft/Phi-3-mini", 3.82},
    {"microsoft/Phi-3-small", 7.39},
    {"microsoft/Phi-3-medium", 14},
    {"microsoft/Phi-3.5-mini", 3.82},
    {"microsoft/Phi-4-mini", 3.84},
    {"microsoft/phi-4", 14.7},
    {"mistralai/Mistral-Nemo", 12.2},
    {"mistralai/Mixtral-8x7B", 46.7},
    {"mistralai/Mixtral-8x22B", 141},
    {"mistralai/Mistral-Large", 123},
    {"google/gemma-2b", 2.51},
    {"google/gemma-7b", 8.54},
    {"google/gemma-3n-E2B", 5.44},
    {"google/gemma-3n-E4B", 7.85},
    {"bigscience/bloom", 176},
    {"CohereForAI/c4ai-command-r", 35},
    {"deepseek-ai/DeepSeek-V3", 671},
    {"deepseek-ai/DeepSeek-R1", 671},
};

// Typed by people, whose names tell their size: for "did you mean".
constexpr std::string_view kFamiliar[] = {
    "Qwen/Qwen3-0.6B",
    "Qwen/Qwen3-1.7B",
    "Qwen/Qwen3-4B",
    "Qwen/Qwen3-8B",
    "Qwen/Qwen3-14B",
    "Qwen/Qwen3-32B",
    "Qwen/Qwen2.5-0.5B",
    "Qwen/Qwen2.5-7B-Instruct",
    "meta-llama/Llama-3.1-8B-Instruct",
    "meta-llama/Llama-3.2-1B",
    "meta-llama/Llama-3.2-3B",
    "meta-llama/Llama-3.3-70B-Instruct",
    "google/gemma-3-1b-it",
    "google/gemma-3-4b-it",
    "google/gemma-3-12b-it",
    "google/gemma-3-27b-it",
    "openai/gpt-oss-20b",
    "openai/gpt-oss-120b",
    "HuggingFaceTB/SmolLM2-135M",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "mistralai/Mistral-7B-Instruct-v0.3",
};

constexpr double kLeast = 1e6, kMost = 1e13;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }

bool separates(char c) { return c == '-' || c == '_' || c == ':' || c == ' '; }

// "8x7b" or "0.6b" or "135m", all of it.
std::optional<double> size_of_word(std::string_view word) {
  if (word.size() < 2) return std::nullopt;
  const double unit = word.back() == 'b' ? 1e9 : word.back() == 'm' ? 1e6 : 0;
  word.remove_suffix(1);
  double count = 1;
  if (const size_t times = word.find('x'); times != std::string_view::npos) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + times, count);
    if (error != std::errc{} || end != word.data() + times) return std::nullopt;
    word.remove_prefix(times + 1);
  }
  if (word.empty() || word.front() < '0' || word.front() > '9') return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, std::chars_format::fixed);
  const double size = count * number * unit;
  if (error != std::errc{} || end != word.data() + word.size() || !(size >= kLeast && size <= kMost))
    return std::nullopt;
  return size;
}

// Of a fine-tuned model too: "phi-2-my-own" is a phi-2.
const Known* known_model(std::string_view model) {
  const Known* best = nullptr;
  size_t longest = 0;
  for (const Known& one : kKnown) {
    const std::string name = lower(last_part(one.name));
    if (name.size() <= longest || !model.starts_with(name)) continue;
    if (model.size() > name.size() && !separates(model[name.size()])) continue;
    best = &one;
    longest = name.size();
  }
  return best;
}

}  // namespace

std::optional<double> parameters_of_model(std::string_view name) {
  const std::string model = lower(last_part(name));
  if (const Known* known = known_model(model)) return known->billions * 1e9;
  for (size_t at = 0; at < model.size();) {
    size_t end = at;
    while (end < model.size() && !separates(model[end])) ++end;
    if (const auto size = size_of_word(std::string_view(model).substr(at, end - at))) return size;
    at = end + 1;
  }
  return std::nullopt;
}

std::vector<std::string> known_models() {
  std::vector<std::string> names(std::begin(kFamiliar), std::end(kFamiliar));
  for (const Known& one : kKnown) names.emplace_back(one.name);
  return names;
}

std::string nearest_model(std::string_view name) { return nearest(name, known_models()); }

}  // namespace stoker::templates
