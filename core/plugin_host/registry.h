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
#include "core/plugin_host/config_schema.h"
#include "core/plugin_host/log_parser.h"
#include "core/plugin_host/provider.h"

namespace stoker::plugin_host {

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
  std::vector<std::pair<std::string, std::string>> config;  // "<plugin id>.<key>" -> value, for make() and open()
  bool allow_unsafe = false;                                // load files that others may write; logs a warning for each
  std::vector<HostService> services;
  std::function<std::string(std::string)> mask;  // hides known secrets in what a plugin says; any thread; may be empty
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
  [[nodiscard]] std::vector<std::string> provider_ids() const;
  [[nodiscard]] std::vector<std::string> log_parser_ids() const;

  // The one provider object of this id. Throws unsupported with the reason when it is not enabled or did not load; the
  // hint names `stoker plugins enable ID`, or the nearest known id.
  Provider& provider(const std::string& id);
  const LogParser& log_parser(const std::string& id);

  // The rows of guided set-up, in order. Throws like provider().
  [[nodiscard]] const std::vector<ConfigField>& setup(const std::string& id) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stoker::plugin_host
