// Origins as browsers send them: "https://app.example", "http://localhost:5173", "tauri://localhost".
#pragma once

#include <string>
#include <string_view>

namespace stoker::api {

// What is wrong with it as the exact text of an Origin header: "it has a path". Empty: nothing.
[[nodiscard]] std::string fault_of_origin(std::string_view origin);

}  // namespace stoker::api
