// /openapi.json, made from the routing table, so that it can not differ from what is served.
#pragma once

#include <string>

namespace stoker::api {

[[nodiscard]] std::string openapi_document(const std::string& version);

}  // namespace stoker::api
