#include "core/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/private_file.h"
#include "core/store/schema.h"
#include "core/store/sqlite_error.h"

namespace stoker::store {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr size_t kIdleConnections = 8;
// quick_check reads the whole file; beyond this it would hold up the start for seconds.
constexpr uintmax_t kCheckedBytes = 256 << 20;

// WAL files are cut back to the limit after a checkpoint. Nothing may be spilled to a temporary folder.
constexpr const char* kPragmas =
    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 16777216;"
    "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;";

std::filesystem::path beside(const std::filesystem::path& file, const char* suffix) { return file.string() + suffix; }

// False when the connection is of no more use.
bool rolled_back(Connection& connection) noexcept {
  if (sqlite3_get_autocommit(connection.getHandle()) == 0) connection.tryExec("ROLLBACK");
  return sqlite3_get_autocommit(connection.getHandle()) != 0;
}

void quick_check(Connection& connection, const std::filesystem::path& file) {
  if (std::filesystem::file_size(file) > kCheckedBytes) return;
  const std::string found = connection.execAndGet("PRAGMA quick_check(1)").getString();
  if (found != "ok") throw damaged(file, found.substr(0, found.find('\n')));
}

// For as long as it lives, this thread is known as the writer.
class WriterMark {
 public:
  explicit WriterMark(std::atomic<std::thread::id>& writer) : writer_(writer) { writer_ = std::this_thread::get_id(); }
  ~WriterMark() { writer_ = std::thread::id(); }
  WriterMark(const WriterMark&) = delete;
  WriterMark& operator=(const WriterMark&) = delete;

 private:
  std::atomic<std::thread::id>& writer_;
};

}  // namespace

void Connection::set_durability(Durability durability) {
  if (durability_ == durability) return;
  exec(durability == Durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  durability_ = durability;
}

Query::Query(Connection& connection, const char* sql) : connection_(connection), sql_(sql) {
  // Taken out while in use, so that the same statement within itself gets one of its own.
  if (const auto kept = connection_.kept_.find(sql_); kept != connection_.kept_.end())
    statement_ = std::move(kept->second);
  if (!statement_) statement_ = std::make_unique<SQLite::Statement>(connection_, sql);
}

Query::~Query() {
  statement_->tryReset();
  statement_->clearBindings();
  connection_.kept_[sql_] = std::move(statement_);
}

class Database::Lease {
 public:
  explicit Lease(Database& database) : database_(database) {
    {
      const std::lock_guard lock(database_.mutex_);
      if (!database_.idle_.empty()) {
        connection_ = std::move(database_.idle_.back());
        database_.idle_.pop_back();
      }
    }
    if (connection_ == nullptr) connection_ = database_.open();
  }
  ~Lease() {
    if (connection_ == nullptr || !rolled_back(*connection_)) return;
    const std::lock_guard lock(database_.mutex_);
    if (database_.idle_.size() < kIdleConnections) database_.idle_.push_back(std::move(connection_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Connection& connection() { return *connection_; }

 private:
  Database& database_;
  std::unique_ptr<Connection> connection_;
};

Database::Database(std::filesystem::path file, CommitGate* gate)
    : file_(std::move(file)), gate_(gate), reserve_(beside(file_, ".reserve")) {
  idle_.reserve(kIdleConnections);
  make_private_file();
  try {
    open_first();
  } catch (const Error& error) {
    // A full disk must not keep the agent from starting: it may have instances to delete.
    if (error.code != kDiskFullCode || !reserve_.spend()) throw;
    open_first();
    return;
  }
  reserve_.take();
}

Database::~Database() = default;

void Database::make_private_file() {
  // SQLite gives -wal and -shm the mode of the database, so it is enough that this file is private before it is opened.
  // Only a new file is opened here: closing a descriptor of an open database would drop this process's locks on it.
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno != EEXIST) throw system_error("can not make " + file_.string(), errno);
  if (fd >= 0) ::close(fd);
  require_private(file_);
  for (const char* suffix : {"-wal", "-shm"})
    if (std::filesystem::exists(beside(file_, suffix))) require_private(beside(file_, suffix));
}

void Database::open_first() {
  auto connection = open();
  try {
    quick_check(*connection, file_);
    migrate(*connection);
  } catch (const SQLite::Exception& cause) {
    throw as_error(cause, connection->getHandle(), file_, "preparing the store");
  }
  idle_.push_back(std::move(connection));
}

std::unique_ptr<Connection> Database::open() {
  std::unique_ptr<Connection> connection;
  try {
    connection =
        std::make_unique<Connection>(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs);
    require_known_schema(*connection, file_);
    const std::string mode = connection->execAndGet("PRAGMA journal_mode = WAL").getString();
    if (mode != "wal")
      throw Error(Fault::unsupported, file_.string() + " lies on a file system without shared memory for SQLite",
                  "keep the state folder on a local disk");
    connection->exec(kPragmas);
  } catch (const SQLite::Exception& cause) {
    throw as_error(cause, connection == nullptr ? nullptr : connection->getHandle(), file_, "opening the store");
  }
  return connection;
}

bool Database::try_write(const char* what, const Work& work, Durability durability, bool may_spend_reserve) {
  const std::lock_guard lock(write_mutex_);
  const WriterMark mark(writer_);
  Lease lease(*this);
  Connection& connection = lease.connection();
  try {
    connection.set_durability(durability);
    Query(connection, "BEGIN IMMEDIATE")->exec();
    work(connection);
    if (gate_ != nullptr) gate_->before_commit(what);
    connection.exec("COMMIT");
  } catch (const SQLite::Exception& cause) {
    const bool full = is_disk_full(cause, connection.getHandle());
    const Error error = as_error(cause, connection.getHandle(), file_, what);
    rolled_back(connection);
    if (full && may_spend_reserve && reserve_.spend()) return false;
    throw error;
  }
  if (may_spend_reserve) reserve_.take();
  return true;
}

bool is_store_error(const Error& error) { return error.code.starts_with(kStoreCode); }

void Database::run_write(const char* what, const Work& work, Durability durability) {
  if (writer_.load() == std::this_thread::get_id())
    throw Error(Fault::internal, std::string("write \"") + what + "\" begun inside another write");
  if (!try_write(what, work, durability, true)) try_write(what, work, durability, false);
  if (gate_ != nullptr) gate_->after_commit(what);
}

void Database::run_read(const Work& work) {
  Lease lease(*this);
  Connection& connection = lease.connection();
  try {
    Query(connection, "BEGIN")->exec();
    work(connection);
    Query(connection, "COMMIT")->exec();
  } catch (const SQLite::Exception& cause) {
    throw as_error(cause, connection.getHandle(), file_, "reading");
  }
}

}  // namespace stoker::store
