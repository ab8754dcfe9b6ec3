// The plugins of this agent: found, checked, loaded and explained. Nothing is opened that the configuration does not
// enable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/plugin_host/account_link.h"
#include "core/plugin_host/config_schema.h"
#include "core/plugin_host/log_parser.h"
#include "core/plugin_host/provider.h"

namespace stoker::plugin_host {

class HttpTransport;

struct EnabledPlugin {
  std::string id;
  std::string sha256;  // lower-case hex; empty: not pinned
};

// A service table that plugins get by its ID, for example STOKER_HTTP. The table must outlive the registry.
struct HostService {
  std::string id;
  const void* table = nullptr;
};

struct RegistryOptions {
  std::filesystem::path bundled;               // the folder shipped with the agent
  std::vector<std::filesystem::path> folders;  // further folders, searched in this order after `bundled`
  std::vector<EnabledPlugin> enabled;
  Settings config;            // "<plugin id>.<key>" -> value, for make() and open()
  bool allow_unsafe = false;  // load files that others may write; logs a warning for each
  std::vector<HostService> services;
  HttpTransport* http = nullptr;  // the way to the network for plugins that name the hosts they want; null: none
  std::function<std::string(std::string)> mask;  // hides known secrets in what a plugin says; any thread; may be empty
};

// What a provider says of itself, and what it asks for before it can be used.
struct ProviderSetup {
  ProviderFacts facts;
  std::string summary, url;
  std::vector<ConfigField> fields;
  std::vector<std::string> permissions;    // the least that the credential must be allowed, in the vendor's words
  std::vector<std::string> allowed_hosts;  // globs; empty: no network
  HttpPace pace;                           // the vendor's limit for one account
  // Whether it asks for a credential, and so exists once an account; else there is one, set up by the configuration.
  [[nodiscard]] bool needs_account() const;
};

enum class PluginKind { provider, log_parser, both, unknown };

// What `stoker plugins list` and GET /v1/plugins show.
struct PluginStatus {
  std::string id, name, summary, version, abi;  // abi: "1.0"; empty when unknown
  PluginKind kind = PluginKind::unknown;
  std::filesystem::path path;  // empty when no file was found
  bool enabled = false, loaded = false;
  // Why it is not loaded, or what a loaded one lacks before it can be used: file, fault and way out.
  std::string reason;
};

// Where a plugin's log lines go. Called on any thread.
class HostLog {
 public:
  virtual ~HostLog() = default;
  virtual void write(int32_t level, const std::string& plugin, const std::string& message) = 0;
};

// Loads in the constructor; one bad plugin stops neither the agent nor another plugin. Thread-safe afterwards.
class Registry {
 public:
  Registry(RegistryOptions options, Clock& clock, HostLog& log);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Enabled ones first, then plugin files found but not enabled (by file name only: they are not opened).
  [[nodiscard]] const std::vector<PluginStatus>& list() const;
  [[nodiscard]] std::vector<std::string> provider_ids() const;  // in the order of the configuration
  [[nodiscard]] std::vector<std::string> log_parser_ids() const;

  // The one object of a provider that needs no account. Throws unsupported with the reason when it is not enabled, did
  // not load, or needs an account; the hint names the command to run, or the nearest known id.
  [[nodiscard]] std::shared_ptr<Provider> provider(const std::string& id) const;
  const LogParser& log_parser(const std::string& id);

  // False for one that provider() would not give, whatever it lacks.
  [[nodiscard]] bool has_provider(const std::string& id) const;

  // Throw unsupported like provider(), but not for want of an account.
  [[nodiscard]] const ProviderSetup& setup(const std::string& id) const;
  // What the calls made for one account share, however many objects it has: secrets, connections, pace.
  [[nodiscard]] AccountLink link(const std::string& id, const std::string& account,
                                 std::shared_ptr<const SecretSource> secrets) const;
  // An object for one account. `settings` are its own and come before those of the configuration. Throws invalid with
  // the field to blame.
  [[nodiscard]] std::shared_ptr<Provider> make(const std::string& id, const Settings& settings, AccountLink link) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stoker::plugin_host
