#include "core/fleet/accounts.h"

#include <algorithm>

#include "core/store/instances.h"

namespace stoker::fleet {
namespace {

using plugin_host::ProviderSetup;
using store::AccountRow;

constexpr size_t kMaxId = 40, kMaxName = 100;

void check_id(const std::string& id) {
  const bool plain = id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (id.empty() || id.size() > kMaxId || !plain || id.front() == '-')
    throw Error(Fault::invalid, "\"" + id + "\" can not be the id of an account",
                "use up to 40 of a-z, 0-9 and -, beginning with a letter or digit", "id");
}

void set_name(AccountRow& row, const std::string& name) {
  if (name.size() > kMaxName) throw Error(Fault::invalid, "the name has more than 100 bytes", {}, "name");
  row.name = name.empty() ? row.id : name;
}

// What the cloud says it is, into the row.
void record(AccountRow& row, const plugin_host::Account& account, int64_t now_ms) {
  row.cloud_id = account.id;
  row.cloud_name = account.name;
  row.balance_micros = account.balance ? std::optional(account.balance->micros) : std::nullopt;
  if (account.balance) row.currency = account.balance->currency;
  row.checked_ms = now_ms;
  row.problem.clear();
  row.hint.clear();
}

std::string word(size_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace

Accounts::Accounts(store::Database& database, store::Vault& vault, plugin_host::Registry& registry, Clock& clock,
                   std::function<void(std::string_view)> on_secret)
    : db_(database), vault_(vault), registry_(registry), clock_(clock), on_secret_(std::move(on_secret)) {
  if (!on_secret_) return;
  for (const std::string& name : vault_.names("account/")) {
    try {
      if (const auto secret = vault_.get(name)) on_secret_(secret->view());
    } catch (const Error&) {  // damaged: the account says so once it is used
    }
  }
}

std::vector<AccountRow> Accounts::list() const {
  return db_.read([](store::Connection& c) { return store::Accounts(c).all(); });
}

AccountRow Accounts::get(const std::string& id) const {
  auto row = db_.read([&](store::Connection& c) { return store::Accounts(c).find(id); });
  if (!row) throw Error(Fault::not_found, "no account " + id, "stoker accounts lists them");
  return *row;
}

std::string Accounts::free_id(const std::string& provider) const {
  const auto taken = list();
  for (int n = 1;; ++n) {
    const std::string id = n == 1 ? provider : provider + "-" + std::to_string(n);
    if (std::none_of(taken.begin(), taken.end(), [&](const AccountRow& row) { return row.id == id; })) return id;
  }
}

// Two accounts here that are one account there would take each other's machines for strangers.
void Accounts::require_sole(const AccountRow& row) const {
  for (const AccountRow& other : list()) {
    if (other.id == row.id || other.provider != row.provider || row.cloud_id.empty() || other.cloud_id != row.cloud_id)
      continue;
    throw Error(Fault::conflict, "this credential belongs to account " + other.id + ", which is connected already",
                "to replace its credential: stoker accounts change " + other.id);
  }
}

// A credential of another account would leave the machines of this one to nobody.
void Accounts::require_same_cloud(const AccountRow& row, plugin_host::Provider& provider, const Wait& wait) const {
  const auto open = db_.read([](store::Connection& c) { return store::Instances(c).open(); });
  for (const store::InstanceRow& machine : open) {
    if (machine.account != row.id || !machine.seen_alive) continue;
    try {
      (void)provider.get({machine.cloud_id, machine.region, machine.cloud_opaque}, wait);
    } catch (const Error& error) {
      if (error.fault != Fault::not_found) throw;
      throw Error(Fault::conflict,
                  "the new credential does not see " + machine.id + ", which account " + row.id + " owns",
                  "give one of the same cloud account, or wait until the machine is gone");
    }
  }
}

std::shared_ptr<plugin_host::Provider> Accounts::candidate(const AccountRow& row,
                                                           std::shared_ptr<const Secrets> secrets) const {
  for (const auto& [key, secret] : *secrets)
    if (on_secret_) on_secret_(secret.view());
  try {
    return registry_.make(row.provider, row.settings,
                          registry_.link(row.provider, row.id, secret_source(vault_, row.id, std::move(secrets))));
  } catch (Error& error) {
    // As the set-up calls it, not as the configuration does.
    if (error.field.starts_with(row.provider + ".")) error.field.erase(0, row.provider.size() + 1);
    throw;
  }
}

AccountRow Accounts::connect(const AccountRequest& request, const Wait& wait) {
  const ProviderSetup& setup = registry_.setup(request.provider);
  if (!setup.needs_account())
    throw Error(Fault::invalid, request.provider + " needs no account", "it is set up in the configuration file",
                "provider");
  AccountRow row;
  row.provider = request.provider;
  row.id = request.id.empty() ? free_id(request.provider) : request.id;
  check_id(row.id);
  set_name(row, request.name);
  const auto ids = registry_.provider_ids();
  if (row.id != row.provider && std::find(ids.begin(), ids.end(), row.id) != ids.end())
    throw Error(Fault::invalid, row.id + " is the id of a provider", "choose another id for the account", "id");
  AccountValues values = sort_values(setup, request.values, true);
  row.settings = std::move(values.settings);
  const auto secrets = std::make_shared<const Secrets>(std::move(values.secrets));
  record(row, candidate(row, secrets)->validate(wait), clock_.wall_ms());
  row.created_ms = row.checked_ms;
  require_sole(row);
  db_.write("connect account", [&](store::Connection& connection) {
    if (store::Accounts(connection).find(row.id))
      throw Error(Fault::conflict, "there is an account " + row.id + " already",
                  "choose another id, or change that one: stoker accounts change " + row.id, "id");
    for (const auto& [key, secret] : *secrets) vault_.put(connection, vault_prefix(row.id) + key, secret.view());
    store::Accounts(connection).insert(row);
  });
  return row;
}

AccountRow Accounts::change(const std::string& id, const AccountChange& change, const Wait& wait) {
  AccountRow row = get(id);
  if (change.name) set_name(row, *change.name);
  AccountValues values = sort_values(registry_.setup(row.provider), change.values, false);
  for (auto& [key, value] : values.settings) {
    std::erase_if(row.settings, [&, &k = key](const auto& one) { return one.first == k; });
    row.settings.emplace_back(key, std::move(value));
  }
  const auto secrets = std::make_shared<const Secrets>(std::move(values.secrets));
  if (!change.values.empty()) {
    const auto changed = candidate(row, secrets);
    record(row, changed->validate(wait), clock_.wall_ms());
    require_sole(row);
    require_same_cloud(row, *changed, wait);
  }
  db_.write("change account", [&](store::Connection& connection) {
    for (const auto& [key, secret] : *secrets) vault_.put(connection, vault_prefix(row.id) + key, secret.view());
    store::Accounts(connection).update(row);
  });
  // Secrets are read anew for every call; settings belong to an object.
  std::lock_guard lock(mutex_);
  live_.erase(id);
  ++changes_;
  return row;
}

AccountRow Accounts::check(const std::string& id, const Wait& wait) {
  AccountRow row = get(id);
  try {
    record(row, browser(id)->validate(wait), clock_.wall_ms());
  } catch (const Error& error) {
    if (error.fault == Fault::cancelled) throw;
    row.checked_ms = clock_.wall_ms();
    row.problem = error.what();
    row.hint = error.hint;
  }
  db_.write("check account", [&](store::Connection& connection) { store::Accounts(connection).update(row); });
  return row;
}

void Accounts::remove(const std::string& id) {
  db_.write("remove account", [&](store::Connection& connection) {
    if (!store::Accounts(connection).find(id))
      throw Error(Fault::not_found, "no account " + id, "stoker accounts lists them");
    store::Instances rows(connection);
    std::string names;
    size_t machines = 0, leftovers = 0;
    for (const store::InstanceRow& row : rows.open())
      if (row.account == id) ++machines, names += (names.empty() ? "" : ", ") + row.id;
    for (const store::InstanceRow& row : rows.untidy())
      if (row.account == id) ++leftovers, names += (names.empty() ? "" : ", ") + row.id;
    if (machines > 0)
      throw Error(Fault::conflict,
                  "account " + id + " still owns " + word(machines, "machine", "machines") +
                      ", which nobody could destroy without it: " + names,
                  "destroy them first (stoker destroy ID) and wait until they are gone");
    if (leftovers > 0)
      throw Error(Fault::conflict,
                  "account " + id + " is still removing what " + word(leftovers, "machine", "machines") +
                      " left at the cloud: " + names,
                  "try again in a few minutes");
    vault_.erase_all(connection, vault_prefix(id));
    store::Accounts(connection).erase(id);
  });
  std::lock_guard lock(mutex_);
  live_.erase(id);
  ++changes_;
}

std::vector<UsableAccount> Accounts::usable() const {
  const std::vector<AccountRow> rows = list();
  std::vector<UsableAccount> all;
  for (const std::string& provider : registry_.provider_ids()) {
    if (registry_.has_provider(provider)) all.push_back({provider, provider, false});
    for (const AccountRow& row : rows)
      if (row.provider == provider) all.push_back({row.id, provider, true});
  }
  return all;
}

Accounts::Live Accounts::live(const std::string& account) {
  uint64_t seen = 0;
  {
    std::lock_guard lock(mutex_);
    if (const auto at = live_.find(account); at != live_.end()) return at->second;
    seen = changes_;
  }
  const auto row = db_.read([&](store::Connection& c) { return store::Accounts(c).find(account); });
  if (!row) {
    const auto provider = registry_.provider(account);
    return {provider, provider};
  }
  const plugin_host::AccountLink link = registry_.link(row->provider, row->id, secret_source(vault_, row->id, nullptr));
  const Live made{registry_.make(row->provider, row->settings, link),
                  registry_.make(row->provider, row->settings, link)};
  std::lock_guard lock(mutex_);
  return seen == changes_ ? live_.try_emplace(account, made).first->second : made;
}

std::shared_ptr<plugin_host::Provider> Accounts::provider(const std::string& account) { return live(account).acting; }
std::shared_ptr<plugin_host::Provider> Accounts::browser(const std::string& account) { return live(account).browsing; }

}  // namespace stoker::fleet
