// The routes, a function a subject.
#pragma once

#include <vector>

#include "core/api/route.h"

namespace stoker::api {

// Of what is listed in pages.
inline const std::vector<Parameter> kPaging = {{"limit", "integer", "how many at most, 1 to 1000; 50 by default"},
                                               {"after", "string", "last_id of the page before"}};

[[nodiscard]] std::vector<Route> job_routes();
[[nodiscard]] std::vector<Route> instance_routes();
[[nodiscard]] std::vector<Route> account_routes();
[[nodiscard]] std::vector<Route> token_routes();
[[nodiscard]] std::vector<Route> ssh_key_routes();
[[nodiscard]] std::vector<Route> offer_routes();
[[nodiscard]] std::vector<Route> template_routes();

}  // namespace stoker::api
