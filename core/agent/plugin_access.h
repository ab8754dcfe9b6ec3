// The plugins as they act for an account: with their network, their secrets from the vault, and whatever they say
// masked.
#pragma once

#include "core/agent/agent.h"
#include "core/agent/known_secrets.h"
#include "core/plugin_host/http_transport.h"
#include "core/plugin_host/registry.h"
#include "core/store/vault.h"

namespace stoker::agent {

struct PluginAccess {
  PluginAccess(const Config& config, const Layout& layout, Clock& clock, plugin_host::HostLog& log);

  KnownSecrets known;
  plugin_host::HttpTransport http;
  plugin_host::Registry registry;
};

// With the key file of the configuration, or the passphrase in the file that STOKER_PASSPHRASE_FILE names.
[[nodiscard]] store::Vault open_vault(store::Database& db, const Config& config);

}  // namespace stoker::agent
