// What Together's clients send to have a model trained: flat fields.
#include "core/api/openai/fine_tune.h"
#include "core/api/openai/request_reader.h"
#include "core/error.h"

namespace stoker::api::openai {
namespace {

// Taken by Together; those that say how exactly to train are the template's here, and refused rather than passed over.
const std::vector<std::string> kTogetherKeys = {
    "model",          "training_file", "validation_file", "suffix",          "random_seed",   "metadata",
    "n_epochs",       "batch_size",    "learning_rate",   "hyperparameters", "training_type", "training_method",
    "max_seq_length", "n_checkpoints", "n_evals",         "x_stoker"};

void read_training_type(const SpecReader& in, FineTune& it) {
  const auto kind =
      in.object("training_type", {"type", "lora_r", "lora_alpha", "lora_dropout", "lora_trainable_modules"});
  if (!kind) return;
  const std::string type = kind->text("type");
  if (type != "Lora" && type != "Full") kind->refuse("type", "is neither Lora nor Full");
  it.params.emplace_back("method", type == "Full" ? "\"full\"" : "\"lora\"");
  if (type == "Full") return;
  for (const char* key : {"lora_r", "lora_alpha"})
    if (const auto value = kind->find(key); value && !value->is_null())
      it.params.emplace_back(key, std::to_string(whole(*kind, key, *value, 1, 4096)));
  if (const auto value = kind->find("lora_trainable_modules"); value && !value->is_null()) {
    std::string_view modules;
    if (value->get(modules) != simdjson::SUCCESS || modules != "all-linear")
      kind->refuse("lora_trainable_modules", "is always all-linear here");
  }
}

void read_training_method(const SpecReader& in, FineTune& it) {
  const auto kind = in.object("training_method", {"method", "train_on_inputs", "dpo_beta"});
  if (!kind) return;
  const std::string method = kind->text("method");
  if (method != "sft" && method != "dpo") kind->refuse("method", "is neither sft nor dpo");
  it.dpo = method == "dpo";
  if (const auto value = kind->find("train_on_inputs"); value && value->is_bool() && bool(*value))
    throw Error(Fault::unsupported, "training_method.train_on_inputs: only the answers are learned", {},
                kind->at("train_on_inputs"));
  if (const auto beta = kind->find("dpo_beta"); beta && !beta->is_null()) it.beta = positive(*kind, "dpo_beta", *beta);
}

}  // namespace

FineTune read_together_request(std::string_view body) {
  simdjson::dom::parser parser;
  const SpecReader in(parse_object(parser, body), {}, kTogetherKeys);
  FineTune it;
  it.together = true;
  read_common(in, it);
  read_hyperparameters(in, it);
  if (const auto value = in.find("n_epochs"); value && !value->is_null())
    it.epochs = whole(in, "n_epochs", *value, 1, kMaxEpochs);
  if (const auto value = in.find("batch_size"); value && !value->is_null()) {
    std::string_view most;
    if (value->get(most) != simdjson::SUCCESS || most != "max")
      it.batch_size = whole(in, "batch_size", *value, 1, kMaxBatchSize);
  }
  if (const auto value = in.find("learning_rate"); value && !value->is_null())
    it.learning_rate = positive(in, "learning_rate", *value);
  if (const auto value = in.find("max_seq_length"); value && !value->is_null())
    it.params.emplace_back("max_seq_length", std::to_string(whole(in, "max_seq_length", *value, 1, 1 << 20)));
  read_training_type(in, it);
  read_training_method(in, it);
  return it;
}

}  // namespace stoker::api::openai
