#include "core/training_log/canonical_names.h"

#include "sdk/include/stoker/log_parser.h"

namespace stoker::training_log {
namespace {

struct Name {
  std::string_view key, canonical;
};

constexpr Name kTrain[] = {
    {"loss", "train_loss"},     {"lm loss", "train_loss"},
    {"lm-loss", "train_loss"},  {"reduced_train_loss", "train_loss"},
    {"act_loss", "train_loss"}, {"train_loss", "train_loss"},
};

// Also with "eval_" in front, in the record of an evaluation.
constexpr Name kBoth[] = {
    {"learning_rate", "learning_rate"},
    {"lr", "learning_rate"},
    {"grad_norm", "grad_norm"},
    {"grad norm", "grad_norm"},
    {"mean_token_accuracy", "token_accuracy"},
    {"train_tokens_per_second", "tokens_per_second"},
    {"throughput", "tokens_per_second"},
    {"tokens/train_per_sec_per_gpu", "tokens_per_second_per_gpu"},
    {"tokens_per_second_per_gpu", "tokens_per_second_per_gpu"},
    {"tps", "tokens_per_second_per_gpu"},
    {"num_tokens", "tokens_seen"},
    {"num_input_tokens_seen", "tokens_seen"},
    {"total_tokens", "tokens_seen"},
    {"tokens/total", "tokens_seen"},
    {"samples_per_second", "samples_per_second"},
    {"train_samples_per_second", "samples_per_second"},
    {"steps_per_second", "steps_per_second"},
    {"train_steps_per_second", "steps_per_second"},
    {"ppl", "perplexity"},
    {"perplexity", "perplexity"},
    {"memory/max_allocated (GiB)", "gpu_mem_peak_gib"},
    {"peak_memory_active", "gpu_mem_peak_gib"},
    {"reward", "reward_mean"},
    {"reward_std", "reward_std"},
    {"kl", "kl"},
    {"completions/mean_length", "completion_len_mean"},
    {"completion_length", "completion_len_mean"},
    {"rewards/chosen", "reward_chosen"},
    {"rewards/rejected", "reward_rejected"},
    {"rewards/margins", "reward_margin"},
    {"rewards/accuracies", "reward_accuracy"},
};

template <size_t N>
std::string_view find(const Name (&names)[N], std::string_view key) {
  for (const auto& name : names)
    if (name.key == key) return name.canonical;
  return {};
}

}  // namespace

std::string_view canonical_name(int32_t kind, std::string_view key) {
  if (kind == STOKER_EVENT_EVAL) {
    // "eval_<set>_loss" too: the set is named by the event's split.
    if (key == "val_loss" || key == "eval_loss" || (key.starts_with("eval_") && key.ends_with("_loss")))
      return "eval_loss";
    for (const std::string_view prefix : {"eval_", "predict_", "test_"})
      if (key.starts_with(prefix)) return find(kBoth, key.substr(prefix.size()));
    return find(kBoth, key);
  }
  const auto name = find(kTrain, key);
  return name.empty() ? find(kBoth, key) : name;
}

}  // namespace stoker::training_log
