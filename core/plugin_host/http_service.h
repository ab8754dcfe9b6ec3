// The host service "stoker.http/1".
#pragma once

#include "sdk/include/stoker/http.h"

namespace stoker::plugin_host {

// Static; it reaches the network through the account of the call.
[[nodiscard]] const stoker_http* http_service();

}  // namespace stoker::plugin_host
