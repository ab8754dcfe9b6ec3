// The cloud accounts of this agent: connected, checked, changed and removed, and the provider objects that act for
// them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fleet/account_values.h"
#include "core/fleet/offers.h"
#include "core/plugin_host/registry.h"
#include "core/store/accounts.h"
#include "core/store/vault.h"

namespace stoker::fleet {

// What the guided set-up gathered: fields of the plugin's schema, secrets among them.
struct AccountRequest {
  std::string provider;
  std::string id;    // empty: made from the provider's id
  std::string name;  // empty: the id
  plugin_host::Settings values;
};

struct AccountChange {
  std::optional<std::string> name;
  plugin_host::Settings values;  // those to replace; the others stay
};

// Any thread. Credentials are checked against the cloud before they are kept, and never leave the vault again.
class Accounts {
 public:
  // `on_secret` is told every credential before it is used, so that it can be masked wherever it might appear. The
  // registry must outlive this and every provider object given out.
  Accounts(store::Database& database, store::Vault& vault, plugin_host::Registry& registry, Clock& clock,
           std::function<void(std::string_view)> on_secret);

  [[nodiscard]] std::vector<store::AccountRow> list() const;         // oldest first
  [[nodiscard]] store::AccountRow get(const std::string& id) const;  // throws not_found

  // Throws invalid, auth or forbidden with the set-up field to blame and the permission that is missing; conflict when
  // the id is taken, or the cloud's account is connected already.
  store::AccountRow connect(const AccountRequest& request, const Wait& wait);
  // The same for new values of an account; nothing is kept unless all of it works and sees the machines of the old
  // ones.
  store::AccountRow change(const std::string& id, const AccountChange& change, const Wait& wait);
  // Asks the cloud whether the credential still works, and records what it said. Throws only for the agent's own
  // faults.
  store::AccountRow check(const std::string& id, const Wait& wait);
  // Throws conflict naming what it still owns: machines that are not known to be gone, and what was made beside them.
  void remove(const std::string& id);

  // Where machines can be had now, in the order of the configuration, accounts of one provider oldest first.
  [[nodiscard]] std::vector<UsableAccount> usable() const;
  // The object that acts for an account (or a provider that needs none). Throws unsupported.
  [[nodiscard]] std::shared_ptr<plugin_host::Provider> provider(const std::string& account);
  // Another object of the same account, for looking around: it does not wait for a create that takes its time.
  [[nodiscard]] std::shared_ptr<plugin_host::Provider> browser(const std::string& account);

 private:
  struct Live {
    std::shared_ptr<plugin_host::Provider> acting, browsing;
  };

  // A provider object for what may become of an account, with secrets that are not in the vault yet.
  [[nodiscard]] std::shared_ptr<plugin_host::Provider> candidate(const store::AccountRow& row,
                                                                 std::shared_ptr<const Secrets> secrets) const;
  Live live(const std::string& account);
  [[nodiscard]] std::string free_id(const std::string& provider) const;
  void require_sole(const store::AccountRow& row) const;
  void require_same_cloud(const store::AccountRow& row, plugin_host::Provider& provider, const Wait& wait) const;

  store::Database& db_;
  store::Vault& vault_;
  plugin_host::Registry& registry_;
  Clock& clock_;
  std::function<void(std::string_view)> on_secret_;
  std::mutex mutex_;  // of what follows; not held while a provider is called
  std::map<std::string, Live> live_;
  uint64_t changes_ = 0;  // of accounts: an object made from what was read before one is not kept
};

}  // namespace stoker::fleet
