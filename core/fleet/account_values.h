// What was typed into a guided set-up, sorted by the plugin's schema into settings and secrets; and where the secrets
// of an account are found when a call needs them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/plugin_host/registry.h"
#include "core/store/vault.h"

namespace stoker::fleet {

using Secrets = std::map<std::string, store::Secret>;  // by the key of the set-up field

struct AccountValues {
  plugin_host::Settings settings;
  Secrets secrets;
};

// Throws invalid naming the field for keys the schema does not have, for empty values, and, where the set-up is to be
// `complete`, for secrets that are required and not given. Outer white space of a secret is dropped: it comes with
// pasting.
[[nodiscard]] AccountValues sort_values(const plugin_host::ProviderSetup& setup, const plugin_host::Settings& values,
                                        bool complete);

// "account/<id>/": where the vault keeps the secrets of an account.
[[nodiscard]] std::string vault_prefix(const std::string& account);

// Those in the vault, and before them those of `given`, which are not there yet.
[[nodiscard]] std::shared_ptr<const plugin_host::SecretSource> secret_source(const store::Vault& vault,
                                                                             const std::string& account,
                                                                             std::shared_ptr<const Secrets> given);

}  // namespace stoker::fleet
