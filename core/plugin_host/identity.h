// The plugin table of a library: loaded, and read as far as its own majors and minors allow.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sdk/include/stoker/plugin.h"

namespace stoker::plugin_host {

// What the identity block says; known also for a plugin that is refused after it was read.
struct ModuleIdentity {
  std::string id, version;
  uint16_t abi_major = 0, abi_minor = 0;
};

// Loads the library and reads its table; nothing of the plugin but its entry has run then. The library stays mapped.
// Throws Error{unsupported} with file, fault and way out; `identity` is set as soon as it is known. The file must have
// passed check_module_file.
stoker_plugin load_plugin(const std::filesystem::path& file, std::optional<ModuleIdentity>& identity);

}  // namespace stoker::plugin_host
