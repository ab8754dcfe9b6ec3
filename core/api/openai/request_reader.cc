#include "core/api/openai/request_reader.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api::openai {
namespace {

constexpr size_t kMaxModel = 256, kMaxSuffix = 64;
constexpr size_t kMaxPairs = 16, kMaxKey = 64, kMaxValue = 512;

std::string required_text(const SpecReader& in, std::string_view key) {
  std::string value = in.text(key);
  if (value.empty()) in.refuse(key, "is missing");
  return value;
}

// It becomes part of the model's name.
std::string read_suffix(const SpecReader& in) {
  std::string suffix = in.text("suffix");
  const bool plain = std::all_of(suffix.begin(), suffix.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (suffix.size() > kMaxSuffix) in.refuse("suffix", "is longer than 64 characters");
  if (!plain) in.refuse("suffix", "has something else than letters, digits, `-`, `_` and `.`");
  return suffix;
}

size_t letters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string read_metadata(const SpecReader& in) {
  const auto value = in.find("metadata");
  if (!value || value->is_null()) return {};
  simdjson::dom::object pairs;
  if (value->get(pairs) != simdjson::SUCCESS) in.wrong_type("metadata", "a map", *value);
  JsonWriter json;
  json.begin_object();
  size_t count = 0;
  for (const auto& [key, member] : pairs) {
    const std::string name = "metadata." + std::string(key.substr(0, kMaxKey));
    std::string_view text;
    if (++count > kMaxPairs) in.refuse("metadata", "has more than 16 pairs");
    if (letters(key) > kMaxKey) in.refuse("metadata", "has a key of more than 64 characters");
    if (member.get(text) != simdjson::SUCCESS) in.refuse(name, "is not text");
    if (letters(text) > kMaxValue) in.refuse(name, "is longer than 512 characters");
    json.member(key, text);
  }
  return json.end_object().str();
}

bool is_auto(simdjson::dom::element value) {
  std::string_view text;
  return value.is_null() || (value.get(text) == simdjson::SUCCESS && text == "auto");
}

}  // namespace

simdjson::dom::object parse_object(simdjson::dom::parser& parser, std::string_view body) {
  simdjson::dom::object object;
  simdjson::dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root); error)
    throw Error(Fault::invalid, std::string("the body is not JSON: ") + simdjson::error_message(error));
  if (root.get(object) != simdjson::SUCCESS) throw Error(Fault::invalid, "the body is not a JSON object");
  return object;
}

double positive(const SpecReader& in, std::string_view key, simdjson::dom::element value) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS) in.wrong_type(key, "a number or \"auto\"", value);
  if (!std::isfinite(number) || number <= 0) in.refuse(key, "is not a number above 0");
  return number;
}

int64_t whole(const SpecReader& in, std::string_view key, simdjson::dom::element value, int64_t low, int64_t high) {
  int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < low || number > high)
    in.refuse(key, "is not a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return number;
}

void read_common(const SpecReader& in, FineTune& it) {
  it.model = required_text(in, "model");
  if (it.model.size() > kMaxModel) in.refuse("model", "is longer than 256 bytes");
  it.training_file = required_text(in, "training_file");
  it.validation_file = in.text("validation_file");
  it.suffix = read_suffix(in);
  it.metadata = read_metadata(in);
  for (const char* key : {"seed", "random_seed"})
    if (const auto value = in.find(key); value && !value->is_null()) it.seed = whole(in, key, *value, 0, 4294967295);
  if (const auto more = in.find("x_stoker"); more && !more->is_null()) {
    simdjson::dom::object object;
    if (more->get(object) != simdjson::SUCCESS) in.wrong_type("x_stoker", "a map", *more);
    it.x_stoker = simdjson::minify(object);
  }
}

void read_hyperparameters(const SpecReader& in, FineTune& it) {
  const auto given = in.object("hyperparameters", {"n_epochs", "batch_size", "learning_rate_multiplier", "beta"});
  if (!given) return;
  if (const auto value = given->find("n_epochs"); value && !is_auto(*value))
    it.epochs = whole(*given, "n_epochs", *value, 1, kMaxEpochs);
  if (const auto value = given->find("batch_size"); value && !is_auto(*value))
    it.batch_size = whole(*given, "batch_size", *value, 1, kMaxBatchSize);
  if (const auto value = given->find("learning_rate_multiplier"); value && !is_auto(*value))
    it.multiplier = positive(*given, "learning_rate_multiplier", *value);
  if (const auto value = given->find("beta"); value && !is_auto(*value)) {
    it.beta = positive(*given, "beta", *value);
    if (*it.beta > 2) given->refuse("beta", "is above 2");
  }
}

}  // namespace stoker::api::openai
