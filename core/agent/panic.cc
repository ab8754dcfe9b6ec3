#include "core/agent/panic.h"

#include <signal.h>
#include <stdlib.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

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

// The next agent ends them instead of renting anew for them.
size_t cancel_open_jobs(store::Database& db) {
  return db.write("panic", [](store::Connection& connection) {
    store::Jobs jobs(connection);
    const auto open = jobs.open();
    for (const store::JobRow& job : open) jobs.request_cancel(job.id);
    return open.size();
  });
}

std::vector<plugin_host::InstanceRef> known_machines(store::Database& db, const std::string& account) {
  std::vector<plugin_host::InstanceRef> refs;
  for (const store::InstanceRow& row : db.read([](store::Connection& c) { return store::Instances(c).open(); }))
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
  Panic(const cli::PanicOptions& options, const Config& config, const Layout& layout, Clock& clock)
      : options_(options), config_(config), clock_(clock), plugins_(config, layout, clock, log_) {}

  cli::PanicOutcome run() {
    const auto folder = take(config_.state_dir, options_, clock_);
    open_store();
    std::set<std::string> owners{options_.installation};
    if (options_.installation.empty())
      owners = store::recorded_install_ids(db_.get(), config_.state_dir / "install-id");
    if (owners.empty())
      throw Error(Fault::not_found, "no install id is left in " + config_.state_dir.string(),
                  "give --installation ID: the machines in the cloud's console are tagged with it");
    if (!vault_) borrowed_.emplace();
    fleet::Accounts accounts(vault_ ? *db_ : borrowed_->db(), vault_ ? *vault_ : borrowed_->vault(), plugins_.registry,
                             clock_, [this](std::string_view secret) { plugins_.known.add(secret); });
    std::vector<std::thread> threads;
    for (const std::string& id : ids_of(accounts))
      threads.push_back(clock_.start("panic", [&, id] { destroy(accounts, id, owners); }));
    for (std::thread& thread : threads) clock_.join(thread);
    return outcome_;
  }

 private:
  // What can not be read or written of it is told, and keeps nothing from being destroyed.
  void open_store() {
    const fs::path file = config_.state_dir / "stoker.db";
    try {
      if (fs::exists(file)) db_ = std::make_unique<store::Database>(file);
      if (const size_t count = db_ ? cancel_open_jobs(*db_) : 0)
        tell("cancelled " + std::to_string(count) + (count == 1 ? " job" : " jobs"));
    } catch (const Error& error) {
      tell(std::string(db_ ? "its jobs can not be cancelled: " : "the store can not be read: ") + error.what());
      if (db_) outcome_.left.emplace_back("what the next agent rents for the jobs that could not be cancelled");
    }
    if (!options_.provider.empty()) return;
    try {
      if (db_) vault_.emplace(open_vault(*db_, config_));
    } catch (const Error& error) {
      tell(std::string("the credentials can not be read: ") + error.what());
    }
    if (vault_) return;
    tell("no account is known: give --provider and its credential for each cloud");
    outcome_.left.emplace_back("what was rented at clouds, whose accounts only the store knew");
  }

  std::set<std::string> ids_of(fleet::Accounts& accounts) {
    if (options_.provider.empty()) return accounts_of(accounts);
    if (!plugins_.registry.setup(options_.provider).needs_account()) return {options_.provider};
    return {accounts.connect({options_.provider, {}, {}, options_.values}, {}).id};
  }

  void destroy(fleet::Accounts& accounts, const std::string& account, const std::set<std::string>& owners) {
    try {
      const auto provider = accounts.provider(account);
      fleet::PurgeRequest request{.owner = {}, .known = {}, .tell = {}};
      if (vault_) request.known = known_machines(*db_, account);
      request.tell = [&](const std::string& text) { tell(account + ": " + text); };
      for (const std::string& owner : owners) {
        request.owner = owner;
        add(account, fleet::purge(*provider, request, clock_, {}));
        request.known.clear();
      }
    } catch (const Error& error) {
      tell(account + ": " + error.what());
      add(account, {{}, {error.what()}});
    }
  }

  void tell(const std::string& text) {
    const std::lock_guard lock(mutex_);
    options_.tell(text);
  }
  void add(const std::string& account, const fleet::Purged& purged) {
    const std::lock_guard lock(mutex_);
    for (const std::string& one : purged.destroyed) outcome_.destroyed.push_back(account + ": " + one);
    for (const std::string& one : purged.left) outcome_.left.push_back(account + ": " + one);
  }

  const cli::PanicOptions& options_;
  const Config& config_;
  Clock& clock_;
  cli::SilentLog log_;
  PluginAccess plugins_;
  std::unique_ptr<store::Database> db_;    // null where there is none or it can not be read
  std::optional<store::Vault> vault_;      // of db_, when its accounts are meant
  std::optional<BorrowedStore> borrowed_;  // else
  std::mutex mutex_;                       // of what follows, and of the caller's ear
  cli::PanicOutcome outcome_;
};

}  // namespace

cli::PanicOutcome panic(const cli::PanicOptions& options, const Config& config, const Layout& layout, Clock* clock) {
  SystemClock system_clock;
  return Panic(options, config, layout, clock != nullptr ? *clock : system_clock).run();
}

}  // namespace stoker::agent
