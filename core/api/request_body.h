// Small request bodies, read whole.
#pragma once

#include <string>

#include "core/api/request.h"

namespace stoker::api {

constexpr int64_t kMaxJsonBytes = 1 << 20;

// The guard, or a chunked body itself, holds it to the cap of its route.
[[nodiscard]] std::string read_body(Body& body);

}  // namespace stoker::api
