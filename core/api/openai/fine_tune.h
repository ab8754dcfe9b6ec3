// A fine-tuning job as a client of OpenAI's or Together's API asked for it, kept beside the job that it became.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::api::openai {

struct FineTune {
  bool together = false;  // asked for, and answered, in Together's shapes
  std::string model, template_id;
  std::string training_file, validation_file;  // ids; validation_file may be empty
  std::string suffix;
  std::optional<int64_t> seed;
  std::string metadata;  // a JSON object of texts; empty: none
  bool dpo = false;      // else supervised

  // What was asked for; absent: "auto".
  std::optional<int64_t> epochs, batch_size;
  std::optional<double> learning_rate, multiplier, beta;
  std::vector<std::pair<std::string, std::string>> params;  // more of the template's, each value as JSON
  std::string x_stoker;                                     // more of the job spec, a JSON object; empty: none

  // What became of it.
  int64_t used_epochs = 0, used_batch_size = 0;
  double used_learning_rate = 0, used_multiplier = 1;
  std::optional<double> used_beta;
  int64_t examples = 0, tokens = 0;  // of the training file
  std::string note;                  // what a person should know of it; empty: nothing

  [[nodiscard]] std::string json() const;
  [[nodiscard]] static FineTune of_json(std::string_view json);  // of json()
};

// The body of POST /fine_tuning/jobs: OpenAI's CreateFineTuningJobRequest, and `x_learning_rate` and `x_stoker` of our
// own. Throws Error{invalid} with the field; keys that are not known are refused with the nearest.
[[nodiscard]] FineTune read_openai_request(std::string_view body);

// The body of POST /fine-tunes: Together's flat fields, and OpenAI's `hyperparameters`, which clients of both send.
[[nodiscard]] FineTune read_together_request(std::string_view body);

// Below this a learning rate multiplier is taken for the learning rate itself: clients have it so (2e-4), and as a
// multiplier it would train nothing.
constexpr double kLeastMultiplier = 0.01;

}  // namespace stoker::api::openai
