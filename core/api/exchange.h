// One request and its answer, on a worker thread.
#pragma once

#include "core/api/door.h"
#include "core/api/guard.h"
#include "core/api/stream_loop.h"

namespace stoker::api {

// Answers the knock and lets the door have the connection back, gives it to the streams, or closes it. Does not throw.
void answer(Knock knock, const ServerContext& context, const GuardRules& rules, Door& door, StreamInbox& streams);

}  // namespace stoker::api
