// The host service "stoker.secrets/1".
#pragma once

#include "sdk/include/stoker/secrets.h"

namespace stoker::plugin_host {

// Static; the secrets are those of the account of the call.
[[nodiscard]] const stoker_secrets* secrets_service();

}  // namespace stoker::plugin_host
