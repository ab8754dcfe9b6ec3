// The parts of a fine-tuning request that OpenAI's and Together's have in common.
#pragma once

#include <string>
#include <string_view>

#include "core/api/openai/fine_tune.h"
#include "core/spec_reader.h"

namespace stoker::api::openai {

// `body` must outlive the parser's next use. Throws Error{invalid} for what is no JSON object.
[[nodiscard]] simdjson::dom::object parse_object(simdjson::dom::parser& parser, std::string_view body);

// model, training_file, validation_file, suffix, seed (or random_seed), metadata, x_stoker.
void read_common(const SpecReader& in, FineTune& it);

// n_epochs, batch_size, learning_rate_multiplier and beta of `hyperparameters` within `in`; nothing where there is
// none.
void read_hyperparameters(const SpecReader& in, FineTune& it);

// A finite number above 0; a whole number in a range. Throw with the field.
[[nodiscard]] double positive(const SpecReader& in, std::string_view key, simdjson::dom::element value);
[[nodiscard]] int64_t whole(const SpecReader& in, std::string_view key, simdjson::dom::element value, int64_t low,
                            int64_t high);

constexpr int64_t kMaxEpochs = 50, kMaxBatchSize = 256;  // OpenAI's

}  // namespace stoker::api::openai
