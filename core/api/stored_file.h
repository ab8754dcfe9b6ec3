// Files that clients uploaded: whose they are, and how they go.
#pragma once

#include "core/api/context.h"
#include "core/api/request.h"
#include "core/store/files.h"

namespace stoker::api {

// That of the route's first parameter. Throws not_found where the caller has none.
[[nodiscard]] store::FileRow require_file(const ServerContext& context, const Request& request);

// Throws conflict while a job that has not ended names it.
void remove_file(const ServerContext& context, const store::FileRow& row);

// Those whose time is over, but for what jobs still need.
void remove_expired_files(const ServerContext& context);

// What an agent that died left in files/: parts of uploads, and files that no row names. Before the first request.
void remove_stray_files(const ServerContext& context);

}  // namespace stoker::api
