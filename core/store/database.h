// The agent's SQLite file: connections, transactions, schema. WAL with synchronous=FULL, because money hangs on it.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/store/reserve.h"

namespace stoker::store {

// full: on the disk when write() returns. relaxed: survives the death of the process at once and a power cut with the
// next full write or checkpoint; for telemetry that the instance still has.
enum class Durability { full, relaxed };

class Connection : public SQLite::Database {
 public:
  using SQLite::Database::Database;

  void set_durability(Durability durability);  // of the commits from now on

 private:
  friend class Query;

  std::map<std::string_view, std::unique_ptr<SQLite::Statement>> kept_;
  Durability durability_ = Durability::full;
};

// A statement that its connection compiles once and keeps, for what is done for every line of a log. What is bound
// without copying must live as long as this.
class Query {
 public:
  // `sql` is a literal.
  Query(Connection& connection, const char* sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  SQLite::Statement& operator*() { return *statement_; }
  SQLite::Statement* operator->() { return statement_.get(); }

 private:
  Connection& connection_;
  std::string_view sql_;
  std::unique_ptr<SQLite::Statement> statement_;
};

// Called around every write transaction, `what` naming it: where a test hands over to another thread, crashes, or fills
// the disk. before_commit runs while the write lock is held, so only another thread's reads may run meanwhile; what it
// throws rolls back. after_commit runs when the commit is durable and nothing is held; what it throws passes through to
// the caller of write().
class CommitGate {
 public:
  virtual ~CommitGate() = default;
  virtual void before_commit(const char* what) = 0;
  virtual void after_commit(const char* what) = 0;
};

// True for what the store itself could not do (disk full, locked, damaged), as opposed to what a caller asked wrongly.
[[nodiscard]] bool is_store_error(const Error& error);

// Any thread. Each call leases one connection of a small pool. Writes do not nest: a write inside a write throws
// internal.
class Database {
 public:
  // Opens or makes the file (0600) and migrates it. Throws invalid when the file is from a newer version (naming both
  // versions) or is damaged (quick_check), forbidden when others can read it, unavailable when the disk is full.
  explicit Database(std::filesystem::path file, CommitGate* gate = nullptr);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  static constexpr int kSchemaVersion = 5;

  // BEGIN IMMEDIATE; f(connection); COMMIT. Anything thrown rolls back. SQLITE_FULL becomes Error{unavailable} with a
  // hint, but first the reserve is freed and f runs once more on a fresh transaction: f must bear being called twice.
  template <typename F>
  auto write(const char* what, F&& f, Durability durability = Durability::full);

  // A consistent snapshot.
  template <typename F>
  auto read(F&& f);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  // False once the disk was full, until there is room again: begin nothing that will have to be recorded later.
  [[nodiscard]] bool has_reserve() const { return reserve_.held(); }

 private:
  class Lease;
  using Work = std::function<void(Connection&)>;

  void run_write(const char* what, const Work& work, Durability durability);
  void run_read(const Work& work);
  // False: the disk was full, the reserve has been freed, try again.
  bool try_write(const char* what, const Work& work, Durability durability, bool may_spend_reserve);

  std::unique_ptr<Connection> open();
  void make_private_file();
  void open_first();

  std::filesystem::path file_;
  CommitGate* gate_;
  Reserve reserve_;
  std::mutex write_mutex_;               // queues this process's writers, where SQLite would have them poll
  std::atomic<std::thread::id> writer_;  // who holds write_mutex_
  std::mutex mutex_;                     // of idle_
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace stoker::store

#include "core/store/database_inl.h"
