// Between stoker_log_event and our RawEvent.
#pragma once

#include "core/plugin_host/log_parser.h"

namespace stoker::plugin_host {

// Checked and copied; throws Breach.
[[nodiscard]] RawEvent copy_event(const stoker_log_event* foreign);

}  // namespace stoker::plugin_host
