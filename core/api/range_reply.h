// An open file as an answer, whole or the range that was asked for.
#pragma once

#include "core/api/request.h"

namespace stoker::api {

[[nodiscard]] Reply range_reply(const Head& head, Descriptor fd, int64_t size);

}  // namespace stoker::api
