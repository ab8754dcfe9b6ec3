// A job as the API shows it, and who may look at it.
#pragma once

#include <string>

#include "core/api/context.h"
#include "core/api/request.h"
#include "core/store/jobs.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {

// The job that the route names. Throws not_found, also when it belongs to another token.
[[nodiscard]] store::JobRow require_job(const ServerContext& context, const Request& request);

void write_job(JsonWriter& json, const ServerContext& context, const store::JobRow& job);

// <state>/jobs/<id>/log
[[nodiscard]] std::filesystem::path log_path(const ServerContext& context, const std::string& job_id);

}  // namespace stoker::api
