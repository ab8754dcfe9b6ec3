// config.yaml: which keys it may hold, and of what type.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::agent {

constexpr size_t kMaxConfigBytes = 256 << 10;

struct ConfigFile {
  std::map<std::string, std::string> values;              // listen, state_dir, log_level, allow_unsafe_plugins
  std::map<std::string, std::vector<std::string>> lists;  // plugins (ids), plugin_path, origins
  std::map<std::string, std::string> pins;                // plugin id -> sha256
  std::vector<std::pair<std::string, std::string>> plugin_config;
  std::map<std::string, std::string> http_endpoints;
  std::string http_proxy;
  std::string openai_job;  // JSON object; empty: not given
  bool chatmle = false;
};

// Throws Error{invalid} with "<name>:<line>: ...".
[[nodiscard]] ConfigFile parse_config_file(std::string_view text, const std::string& name);

}  // namespace stoker::agent
