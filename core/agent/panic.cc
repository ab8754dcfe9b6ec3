#include "core/agent/panic.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <vector>

#include "core/agent/plugin_access.h"
#include "core/agent/state_dir.h"
#include "core/cli/silent_log.h"
#include "core/fleet/accounts.h"
#include "core/fleet/purge.h"
#include "core/store/install.h"
#include "core/store/instances.h"
#include "core/store/jobs.h"

namespace stoker::agent {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kOrderlyEndMs = 20 * kSecond, kKilledMs = 5 * kSecond;
constexpr int64_t kPollMs = 10;  // a service manager may start the next agent at once

// A folder that is gone when this goes.
class BorrowedFolder {
 public:
  BorrowedFolder() {
    std::string name = (fs::temp_directory_path() / "stoker-panic-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw system_error("making " + name, errno);
    path_ = name;
  }
  ~BorrowedFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  BorrowedFolder(const BorrowedFolder&) = delete;
  BorrowedFolder& operator=(const BorrowedFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// For one account that no store knows of. Nothing on the disk opens its vault.
class BorrowedStore {
 public:
  BorrowedStore()
      : db_(folder_.path() / "stoker.db"),
        vault_(store::Vault::with_passphrase(db_, random_bytes(), store::KeyCost::interactive)) {}
  [[nodiscard]] store::Database& db() { return db_; }
  [[nodiscard]] store::Vault& vault() { return vault_; }

 private:
  static std::string random_bytes() {
    std::string bytes(32, '\0');
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      throw system_error("can not draw random bytes", errno);
    return bytes;
  }

  BorrowedFolder folder_;
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

// Those that are connected, whether they work or not, the providers that need no account, and whatever else machines
// are recorded at.
std::set<std::string> accounts_of(const fleet::Accounts& accounts, const std::vector<store::InstanceRow>& machines) {
  std::set<std::string> ids;
  for (const store::AccountRow& row : accounts.list()) ids.insert(row.id);
  for (const fleet::UsableAccount& account : accounts.usable()) ids.insert(account.id);
  for (const store::InstanceRow& row : machines) ids.insert(row.account);
  return ids;
}

class Panic {
 public:
  Panic(const cli::PanicOptions& options, const Config& config, const Layout& layout, Clock& clock)
      : options_(options), config_(config), clock_(clock), plugins_(config, layout, clock, log_) {}

  cli::PanicOutcome run() {
    std::string in_file, in_store;
    attempt("the install id can not be read",
            [&] { in_file = store::install_id_in(config_.state_dir / "install-id"); });
    const std::string& asked = options_.installation;
    const bool may_be_ours = asked.empty() || in_file.empty() || asked == in_file;
    const std::unique_ptr<StateLock> lock = may_be_ours ? take_over() : nullptr;
    attempt("the store can not be read", [&] { in_store = open_store(); });
    if (asked.empty() && !in_store.empty() && !in_file.empty() && in_store != in_file)
      throw Error(Fault::conflict, "the store is of installation " + in_store + " and the folder of " + in_file,
                  "one was restored or copied: say with --installation which is meant");
    const std::string owner = !asked.empty() ? asked : in_store.empty() ? in_file : in_store;
    if (owner.empty())
      throw Error(Fault::not_found, "no install id is left in " + config_.state_dir.string(),
                  "give --installation ID: the machines in the cloud's console are tagged with it");
    tell("destroying what installation " + owner + " rented");
    if (may_be_ours && db_ && (in_store.empty() || owner == in_store)) end_jobs();
    if (db_ && options_.provider.empty())
      attempt("the credentials can not be read", [&] { vault_.emplace(open_vault(*db_, config_)); });
    if (!vault_) borrowed_.emplace();
    fleet::Accounts accounts(vault_ ? *db_ : borrowed_->db(), vault_ ? *vault_ : borrowed_->vault(), plugins_.registry,
                             clock_, [this](std::string_view secret) { plugins_.known.add(secret); });
    destroy_at(ids_of(accounts), accounts, owner);
    name_unseen(owner);
    return outcome_;
  }

 private:
  // The install id in it; empty: there is no store.
  std::string open_store() {
    const fs::path file = config_.state_dir / "stoker.db";
    if (!fs::exists(file)) return {};
    db_ = std::make_unique<store::Database>(file);
    machines_ = db_->read([](store::Connection& c) { return store::Instances(c).open(); });
    return store::install_id_in(*db_);
  }

  // No agent has the folder any more and none can take it, unless it resists. An agent bears being killed.
  std::unique_ptr<StateLock> take_over() {
    pid_t asked = 0;
    int64_t asked_ms = 0;
    bool killed = false;
    std::unique_ptr<StateLock> lock;
    attempt("an agent may go on renting", [&] {
      for (const int64_t began_ms = clock_.mono_ms(); !lock;) {
        try {
          lock = std::make_unique<StateLock>(config_.state_dir);
          return;
        } catch (const Error& error) {
          if (error.fault != Fault::conflict || clock_.mono_ms() - began_ms > kOrderlyEndMs + kKilledMs) throw;
        }
        const pid_t pid = StateLock::holder(config_.state_dir);
        if (pid > 1 && pid != asked) {
          tell("stopping the agent, process " + std::to_string(pid));
          ::kill(pid, SIGTERM);
          asked = pid;
          asked_ms = clock_.mono_ms();
        } else if (pid > 1 && !killed && clock_.mono_ms() - asked_ms > kOrderlyEndMs) {
          tell("it does not end; killing process " + std::to_string(pid));
          ::kill(pid, SIGKILL);
          killed = true;
        }
        clock_.sleep(kPollMs, {});
      }
    });
    if (!lock) outcome_.left.emplace_back("what an agent may rent meanwhile");
    return lock;
  }

  void end_jobs() {
    const std::string trouble = attempt("its jobs can not be cancelled", [&] {
      if (const size_t count = cancel_open_jobs(*db_))
        tell("cancelled " + std::to_string(count) + (count == 1 ? " job" : " jobs"));
    });
    if (!trouble.empty())
      outcome_.left.emplace_back("what the next agent rents for the jobs that could not be cancelled");
  }

  std::set<std::string> ids_of(fleet::Accounts& accounts) {
    if (options_.provider.empty()) {
      if (!vault_) {
        tell("no account is known: give --provider and its credential for each cloud");
        outcome_.left.emplace_back("what was rented at clouds, whose accounts only the store knew");
      }
      return accounts_of(accounts, machines_);
    }
    if (!plugins_.registry.setup(options_.provider).needs_account()) return {options_.provider};
    return {accounts.connect({options_.provider, {}, {}, options_.values}, {}).id};
  }

  void destroy_at(const std::set<std::string>& ids, fleet::Accounts& accounts, const std::string& owner) {
    std::vector<std::thread> threads;
    for (const std::string& id : ids) {
      try {
        threads.push_back(clock_.start("panic", [&, id] { destroy(accounts, id, owner); }));
      } catch (const std::system_error&) {
        destroy(accounts, id, owner);
      }
    }
    for (std::thread& thread : threads) clock_.join(thread);
  }

  void destroy(fleet::Accounts& accounts, const std::string& account, const std::string& owner) {
    fleet::Purged purged;
    const std::string trouble = attempt(account.c_str(), [&] {
      const auto provider = accounts.provider(account);
      fleet::PurgeRequest request{.owner = owner, .known = known_machines(account, owner), .tell = {}};
      request.tell = [&](const std::string& text) { tell(account + ": " + text); };
      purged = fleet::purge(*provider, request, clock_, {});
    });
    if (!trouble.empty()) purged.left.push_back("it can not be looked at: " + trouble);
    const std::lock_guard lock(mutex_);
    for (const std::string& one : purged.destroyed) outcome_.destroyed.push_back(account + ": " + one);
    for (const std::string& one : purged.left) outcome_.left.push_back(account + ": " + one);
  }

  // Those of another installation, or of another's credential, are not ours to name.
  [[nodiscard]] std::vector<plugin_host::InstanceRef> known_machines(const std::string& account,
                                                                     const std::string& owner) const {
    std::vector<plugin_host::InstanceRef> refs;
    for (const store::InstanceRow& row : machines_)
      if (vault_ && row.account == account && row.seen_alive && !row.cloud_id.empty() && is_of(row, owner))
        refs.push_back({row.cloud_id, row.region, row.cloud_opaque});
    return refs;
  }

  static bool is_of(const store::InstanceRow& row, const std::string& owner) {
    return row.client_token.starts_with("stk-" + owner.substr(0, 8) + "-");
  }

  // What is recorded at accounts that were not looked at.
  void name_unseen(const std::string& owner) {
    if (options_.provider.empty()) return;
    for (const store::InstanceRow& row : machines_) {
      if (!is_of(row, owner)) continue;
      const bool seen = std::any_of(outcome_.destroyed.begin(), outcome_.destroyed.end(), [&](const std::string& one) {
        return one.find(row.client_token) != std::string::npos;
      });
      if (!seen)
        outcome_.left.push_back(row.account + ": " + row.client_token + " is recorded, and was not looked for");
    }
  }

  // Why it failed, which was told; empty: it did not.
  template <typename Act>
  std::string attempt(const char* what, Act act) {
    try {
      act();
      return {};
    } catch (const std::exception& error) {
      tell(std::string(what) + ": " + error.what());
      return error.what();
    }
  }

  void tell(const std::string& text) {
    const std::lock_guard lock(mutex_);
    options_.tell(text);
  }

  const cli::PanicOptions& options_;
  const Config& config_;
  Clock& clock_;
  cli::SilentLog log_;
  PluginAccess plugins_;
  std::unique_ptr<store::Database> db_;       // null where there is none or it can not be read
  std::vector<store::InstanceRow> machines_;  // that it says are not gone
  std::optional<store::Vault> vault_;         // of db_, when its accounts are meant
  std::optional<BorrowedStore> borrowed_;     // else
  std::mutex mutex_;                          // of what follows, and of the caller's ear
  cli::PanicOutcome outcome_;
};

}  // namespace

cli::PanicOutcome panic(const cli::PanicOptions& options, const Config& config, const Layout& layout, Clock* clock) {
  harden_process();
  ::signal(SIGHUP, SIG_IGN);  // a terminal that is closed is no reason to stop half way
  SystemClock system_clock;
  return Panic(options, config, layout, clock != nullptr ? *clock : system_clock).run();
}

}  // namespace stoker::agent
