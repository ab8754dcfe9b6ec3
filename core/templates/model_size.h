// How many parameters a model has, told from its name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::templates {

// "Qwen/Qwen3-0.6B" has 0.6e9, "meta-llama/Llama-3.1-70B-Instruct" 70e9, "gpt2-xl" is known by name. Nothing for a name
// that tells none.
[[nodiscard]] std::optional<double> parameters_of_model(std::string_view name);

// Well-known models by their full names.
[[nodiscard]] std::vector<std::string> known_models();

// A well-known model's name that is close, or empty.
[[nodiscard]] std::string nearest_model(std::string_view name);

}  // namespace stoker::templates
