// One loaded plugin with all that it offers.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/plugin_host/config_schema.h"
#include "core/plugin_host/host_services.h"
#include "core/plugin_host/module.h"
#include "core/plugin_host/plugin_log_parser.h"
#include "core/plugin_host/plugin_provider.h"
#include "core/plugin_host/registry.h"

namespace stoker::plugin_host {

// One provider or log parser that a plugin offers. Without its object where the configuration does not do: `fault` says
// why.
struct Offering {
  std::string id, name, summary;
  PluginKind kind = PluginKind::unknown;
  uint64_t capabilities = 0;
  std::vector<ConfigField> schema;
  std::unique_ptr<Provider> provider;
  std::unique_ptr<LogParser> log_parser;
  std::optional<Error> fault;
};

class Plugin {
 public:
  // Loads, initializes, and makes what the plugin offers. Throws Error with file, fault and way out when the whole
  // plugin is refused. `id` and `file` are those the configuration enabled; the file has been checked.
  Plugin(const std::string& id, const std::filesystem::path& file, const RegistryOptions& options, Clock& clock,
         HostLog& log, std::optional<ModuleIdentity>& identity);

  [[nodiscard]] std::vector<Offering>& offerings() { return offerings_; }

 private:
  void describe_providers();
  void describe_log_parsers();
  void require_bundled(const RegistryOptions& options) const;
  void make(Offering& offering, const RegistryOptions& options);
  template <class Factory>
  void describe(const Factory& factory, PluginKind kind);
  [[nodiscard]] Error refusal(const std::string& what) const;

  // In the order of life: the host outlives the module, the module what it made.
  HostServices host_;
  Module module_;
  std::optional<stoker_provider_factory> providers_;
  std::optional<stoker_log_parser_factory> log_parsers_;
  std::vector<Offering> offerings_;
};

}  // namespace stoker::plugin_host
