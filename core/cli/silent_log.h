// Commands show a plugin's reason, not its chatter.
#pragma once

#include <string>

#include "core/plugin_host/registry.h"

namespace stoker::cli {

class SilentLog final : public plugin_host::HostLog {
 public:
  void write(int32_t, const std::string&, const std::string&) override {}
};

}  // namespace stoker::cli
