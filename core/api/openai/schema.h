// JSON schemas of what the OpenAI dialect takes and gives, for /openapi.json.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace stoker::api::openai {

[[nodiscard]] const std::vector<std::pair<std::string_view, std::string_view>>& schemas();

}  // namespace stoker::api::openai
