// Configuration of the agent, in layers: defaults < file < environment < flags.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/cli/entry.h"

namespace stoker::agent {

struct Config {
  std::filesystem::path file;  // of the configuration; need not exist
  std::filesystem::path config_dir, state_dir;
  std::string listen;                                              // host:port, loopback
  std::vector<plugin_host::EnabledPlugin> plugins;                 // in the order of preference
  std::vector<std::filesystem::path> plugin_path;                  // searched after the bundled folder
  std::vector<std::pair<std::string, std::string>> plugin_config;  // "<plugin id>.<key>" -> value
  std::vector<std::string> origins;                                // of browser pages that may call the API
  std::string log_level;                                           // trace debug info warn error
  std::map<std::string, std::string> http_endpoints;               // host -> URL that gets its traffic
  std::string http_proxy;                                          // http://host:port; empty: none
  std::string openai_job;  // of jobs that come by OpenAI's API: JSON; empty: none
  bool chatmle = false;    // openai.compat
  bool allow_unsafe_plugins = false;
};

using Environment = std::map<std::string, std::string>;

// The process's own. STOKER_PLUGIN_PATH is left out where the process has more rights than its caller (setuid).
[[nodiscard]] Environment process_environment();

// Throws Error{invalid} with "<file>:<line>: ..." for unknown keys and wrong types, not_found when a file that was
// asked for is absent, forbidden when others may write it.
[[nodiscard]] Config load_config(const cli::Flags& flags, const Environment& environment);

}  // namespace stoker::agent
