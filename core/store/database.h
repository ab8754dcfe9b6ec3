// The agent's SQLite file: connections, transactions, schema. WAL with synchronous=FULL, because money hangs on it.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace stoker::store {

using Connection = SQLite::Database;

// Called around every write transaction, `what` naming it: where a test hands over to another thread, crashes, or fills the disk.
class CommitGate {
 public:
  virtual ~CommitGate() = default;
  virtual void before_commit(const char* what) = 0;
  virtual void after_commit(const char* what) = 0;
};

// Any thread. Each call leases one connection of a small pool.
class Database {
 public:
  // Opens or makes the file (0600) and migrates it in one transaction. Throws invalid when the file is from a newer version
  // (naming both versions) or is damaged (quick_check), unavailable when the disk is full.
  explicit Database(std::filesystem::path file, CommitGate* gate = nullptr);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  static constexpr int kSchemaVersion = 1;

  // BEGIN IMMEDIATE; f(connection); COMMIT. Anything thrown rolls back. SQLITE_FULL becomes Error{unavailable} with a hint.
  template <typename F>
  auto write(const char* what, F&& f) {
    Lease lease(*this);
    return transact(lease.connection(), what, std::forward<F>(f));
  }

  // A consistent snapshot.
  template <typename F>
  auto read(F&& f) {
    Lease lease(*this);
    return snapshot(lease.connection(), std::forward<F>(f));
  }

 private:
  class Lease {
   public:
    explicit Lease(Database& database);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Connection& connection() { return *connection_; }

   private:
    Database& database_;
    std::unique_ptr<Connection> connection_;
  };

  // begin/commit/rollback translate SQLite's errors into stoker::Error.
  void begin(Connection&, bool immediate);
  void commit(Connection&, const char* what);
  void rollback(Connection&) noexcept;
  [[noreturn]] static void rethrow_as_error(const char* what);

  template <typename F>
  auto transact(Connection& connection, const char* what, F&& f);
  template <typename F>
  auto snapshot(Connection& connection, F&& f);

  std::unique_ptr<Connection> open();
  void migrate(Connection&);

  std::filesystem::path file_;
  CommitGate* gate_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace stoker::store

#include "core/store/database_inl.h"
