#include "core/api/openai/fine_tune.h"

#include <simdjson.h>

#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api::openai {
namespace {

template <typename T>
void write_optional(JsonWriter& json, const char* name, const std::optional<T>& value) {
  if (value) json.member(name, *value);
}

template <typename T>
std::optional<T> read_optional(const simdjson::dom::object& in, const char* name) {
  T value{};
  if (in[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::string read_text(const simdjson::dom::object& in, const char* name) {
  std::string_view text;
  if (in[name].get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

}  // namespace

std::string FineTune::json() const {
  JsonWriter json;
  json.begin_object()
      .member("together", together)
      .member("model", model)
      .member("template", template_id)
      .member("training_file", training_file)
      .member("validation_file", validation_file)
      .member("suffix", suffix)
      .member("metadata", metadata)
      .member("dpo", dpo)
      .member("used_epochs", used_epochs)
      .member("used_batch_size", used_batch_size)
      .member("used_learning_rate", used_learning_rate)
      .member("used_multiplier", used_multiplier)
      .member("examples", examples)
      .member("tokens", tokens);
  write_optional(json, "seed", seed);
  write_optional(json, "used_beta", used_beta);
  return json.end_object().str();
}

FineTune FineTune::of_json(std::string_view text) {
  simdjson::dom::parser parser;
  const simdjson::dom::object in = parser.parse(text);
  FineTune it;
  it.together = in["together"];
  it.model = read_text(in, "model");
  it.template_id = read_text(in, "template");
  it.training_file = read_text(in, "training_file");
  it.validation_file = read_text(in, "validation_file");
  it.suffix = read_text(in, "suffix");
  it.metadata = read_text(in, "metadata");
  it.dpo = in["dpo"];
  it.seed = read_optional<int64_t>(in, "seed");
  it.used_epochs = in["used_epochs"];
  it.used_batch_size = in["used_batch_size"];
  it.used_learning_rate = in["used_learning_rate"];
  it.used_multiplier = in["used_multiplier"];
  it.used_beta = read_optional<double>(in, "used_beta");
  it.examples = in["examples"];
  it.tokens = in["tokens"];
  return it;
}

}  // namespace stoker::api::openai
