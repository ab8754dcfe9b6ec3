// JSON schemas of what the API takes and gives, for /openapi.json.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace stoker::api {

// Name and schema (JSON), every one that the routing table names and those they refer to.
[[nodiscard]] const std::vector<std::pair<std::string_view, std::string_view>>& schemas();

}  // namespace stoker::api
