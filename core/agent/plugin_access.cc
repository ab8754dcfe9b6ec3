#include "core/agent/plugin_access.h"

#include <algorithm>
#include <cstdlib>

#include "core/plugin_host/http_service.h"
#include "core/plugin_host/secrets_service.h"
#include "core/private_file.h"
#include "core/version.h"

namespace stoker::agent {
namespace {

plugin_host::HttpOptions http_options(const Config& config) {
  plugin_host::HttpOptions options;
  options.endpoints = config.http_endpoints;
  options.proxy = config.http_proxy;
  options.user_agent = std::string("stoker/") + kVersion;
  return options;
}

plugin_host::RegistryOptions with_services(plugin_host::RegistryOptions options, plugin_host::HttpTransport& http,
                                           const KnownSecrets& known) {
  options.services = {{STOKER_HTTP, plugin_host::http_service()}, {STOKER_SECRETS, plugin_host::secrets_service()}};
  options.http = &http;
  options.mask = [&known](std::string text) { return known.masked(std::move(text)); };
  return options;
}

}  // namespace

PluginAccess::PluginAccess(const Config& config, const Layout& layout, Clock& clock, plugin_host::HostLog& log)
    : http(http_options(config), clock),
      registry(with_services(registry_options(config, layout), http, known), clock, log) {}

store::Vault open_vault(store::Database& db, const Config& config) {
  if (const char* file = ::getenv("STOKER_PASSPHRASE_FILE")) {
    require_private(file);
    std::string passphrase = read_file(file, 4096);
    passphrase.erase(std::min(passphrase.find_last_not_of("\r\n") + 1, passphrase.size()));
    return store::Vault::with_passphrase(db, passphrase);
  }
  ensure_private_folder(config.config_dir);
  return store::Vault::with_key_file(db, config.config_dir / "key");
}

}  // namespace stoker::agent
