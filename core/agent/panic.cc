#include "core/agent/panic.h"

#include <signal.h>
#include <stdlib.h>

#include <charconv>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "core/agent/plugin_access.h"
#include "core/agent/state_dir.h"
#include "core/cli/silent_log.h"
#include "core/fleet/accounts.h"
#include "core/fleet/purge.h"
#include "core/private_file.h"
#include "core/store/install.h"
#include "core/store/instances.h"
#include "core/store/jobs.h"

namespace stoker::agent {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kOrderlyEndMs = 20 * kSecond, kKilledMs = 5 * kSecond;

pid_t holder_of(const fs::path& state_dir) {
  const std::string text = read_file(state_dir / "lock", 64);
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

// The folder, which no agent has any more and none can take. An agent bears being killed.
std::unique_ptr<StateDir> take(const fs::path& state_dir, const cli::PanicOptions& options, Clock& clock) {
  for (const int signal : {0, SIGTERM, SIGKILL}) {
    const pid_t pid = signal != 0 ? holder_of(state_dir) : 0;
    if (pid > 1) {
      options.tell((signal == SIGTERM ? "stopping the agent, process " : "it does not end; killing process ") +
                   std::to_string(pid));
      ::kill(pid, signal);
    }
    const int64_t end_ms = clock.mono_ms() + (signal == 0 ? 0 : signal == SIGTERM ? kOrderlyEndMs : kKilledMs);
    do {
      try {
        return std::make_unique<StateDir>(state_dir);
      } catch (const Error& error) {
        if (error.fault != Fault::conflict || (signal == SIGKILL && clock.mono_ms() >= end_ms)) throw;
      }
      clock.sleep(100, {});
    } while (clock.mono_ms() < end_ms);
  }
  throw Error(Fault::internal, "the agent does not let go of " + state_dir.string());
}

// A store for one account that no store knows of, gone when it goes.
class BorrowedStore {
 public:
  BorrowedStore()
      : folder_(make()), db_(folder_ / "stoker.db"), vault_(store::Vault::with_key_file(db_, folder_ / "key/key")) {}
  ~BorrowedStore() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  BorrowedStore(const BorrowedStore&) = delete;
  BorrowedStore& operator=(const BorrowedStore&) = delete;
  [[nodiscard]] store::Database& db() { return db_; }
  [[nodiscard]] store::Vault& vault() { return vault_; }

 private:
  static fs::path make() {
    std::string name = (fs::temp_directory_path() / "stoker-panic-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw system_error("making " + name, errno);
    ensure_private_folder(fs::path(name) / "key");
    return name;
  }

  fs::path folder_;
  store::Database db_;
  store::Vault vault_;
};

// The store of the state folder; null where there is none or it can not be read.
std::unique_ptr<store::Database> open_store(const Config& config, const cli::PanicOptions& options) {
  const fs::path file = config.state_dir / "stoker.db";
  if (!fs::exists(file)) return nullptr;
  try {
    return std::make_unique<store::Database>(file);
  } catch (const Error& error) {
    options.tell(std::string("the store can not be read: ") + error.what());
    return nullptr;
  }
}

// The next agent ends them instead of renting anew for them.
void cancel_open_jobs(store::Database& db, const cli::PanicOptions& options) {
  const size_t count = db.write("panic", [](store::Connection& connection) {
    store::Jobs jobs(connection);
    const auto open = jobs.open();
    for (const store::JobRow& job : open) jobs.request_cancel(job.id);
    return open.size();
  });
  if (count > 0) options.tell("cancelled " + std::to_string(count) + (count == 1 ? " job" : " jobs"));
}

std::vector<plugin_host::InstanceRef> known_machines(store::Database* db, const std::string& account) {
  std::vector<plugin_host::InstanceRef> refs;
  if (db == nullptr) return refs;
  for (const store::InstanceRow& row : db->read([](store::Connection& c) { return store::Instances(c).open(); }))
    if (row.account == account && row.seen_alive && !row.cloud_id.empty())
      refs.push_back({row.cloud_id, row.region, row.cloud_opaque});
  return refs;
}

// Those that are connected, whether they work or not, and the providers that need no account.
std::set<std::string> accounts_of(const fleet::Accounts& accounts) {
  std::set<std::string> ids;
  for (const store::AccountRow& row : accounts.list()) ids.insert(row.id);
  for (const fleet::UsableAccount& account : accounts.usable()) ids.insert(account.id);
  return ids;
}

class Panic {
 public:
  Panic(const cli::PanicOptions& options, Clock& clock) : options_(options), clock_(clock) {}

  void destroy(fleet::Accounts& accounts, const std::string& account, const std::set<std::string>& owners,
               store::Database* db) {
    try {
      const auto provider = accounts.provider(account);
      for (const std::string& owner : owners) {
        fleet::PurgeRequest request{.owner = owner, .known = {}, .tell = {}};
        if (owner == *owners.begin()) request.known = known_machines(db, account);
        request.tell = [&](const std::string& text) { tell(account + ": " + text); };
        add(account, fleet::purge(*provider, request, clock_, {}));
      }
    } catch (const Error& error) {
      tell(account + ": " + error.what());
      add(account, {{}, {error.what()}});
    }
  }

  cli::PanicOutcome outcome;

 private:
  void tell(const std::string& text) {
    const std::lock_guard lock(mutex_);
    options_.tell(text);
  }
  void add(const std::string& account, const fleet::Purged& purged) {
    const std::lock_guard lock(mutex_);
    for (const std::string& one : purged.destroyed) outcome.destroyed.push_back(account + ": " + one);
    for (const std::string& one : purged.left) outcome.left.push_back(account + ": " + one);
  }

  const cli::PanicOptions& options_;
  Clock& clock_;
  std::mutex mutex_;
};

}  // namespace

cli::PanicOutcome panic(const cli::PanicOptions& options, const Config& config, const Layout& layout, Clock* given) {
  SystemClock system_clock;
  Clock& clock = given != nullptr ? *given : system_clock;
  const auto folder = take(config.state_dir, options, clock);
  const auto db = open_store(config, options);
  if (db) cancel_open_jobs(*db, options);

  std::set<std::string> owners{options.installation};
  if (options.installation.empty()) owners = store::recorded_install_ids(db.get(), config.state_dir / "install-id");
  if (owners.empty())
    throw Error(Fault::not_found, "no install id is left in " + config.state_dir.string(),
                "give --installation ID: the machines in the cloud's console are tagged with it");

  cli::SilentLog log;
  PluginAccess plugins(config, layout, clock, log);
  std::optional<BorrowedStore> borrowed;
  std::optional<store::Vault> vault;
  if (!options.provider.empty() || !db)
    borrowed.emplace();
  else
    vault.emplace(open_vault(*db, config));
  fleet::Accounts accounts(borrowed ? borrowed->db() : *db, borrowed ? borrowed->vault() : *vault, plugins.registry,
                           clock, [&](std::string_view secret) { plugins.known.add(secret); });
  std::set<std::string> ids;
  if (options.provider.empty())
    ids = accounts_of(accounts);
  else if (plugins.registry.setup(options.provider).needs_account())
    ids = {accounts.connect({options.provider, {}, {}, options.values}, {}).id};
  else
    ids = {options.provider};
  if (!db && options.provider.empty())
    options.tell("no account is known without the store: give --provider and its credential for each cloud");

  Panic it(options, clock);
  std::vector<std::thread> threads;
  for (const std::string& id : ids)
    threads.push_back(clock.start("panic", [&, id] { it.destroy(accounts, id, owners, db.get()); }));
  for (std::thread& thread : threads) clock.join(thread);
  if (!db && options.provider.empty())
    it.outcome.left.emplace_back("what was rented at clouds, whose accounts only the store knew");
  return it.outcome;
}

}  // namespace stoker::agent
