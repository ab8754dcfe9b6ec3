// By which a repeated request is known: SHA-256, 64 hex digits.
#pragma once

#include <string>
#include <string_view>

namespace stoker::jobs {

[[nodiscard]] std::string request_hash(std::string_view body);

}  // namespace stoker::jobs
