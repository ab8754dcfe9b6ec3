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
  ProviderSetup setup;
  std::shared_ptr<Provider> provider;  // of one that needs no account
  Settings defaults;                   // of one that needs one: what the configuration says for all accounts
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
  // See Registry.
  [[nodiscard]] std::shared_ptr<Provider> make_provider(const ProviderSetup& setup, const Settings& settings,
                                                        AccountLink link) const;
  [[nodiscard]] const HostServices& host() const { return host_; }

 private:
  void describe_providers();
  void describe_log_parsers();
  void require_bundled(const RegistryOptions& options) const;
  void make(Offering& offering, const RegistryOptions& options);
  Offering copy_offering(const stoker_descriptor& said, PluginKind kind) const;
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
