#include "core/store/database.h"

#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "core/private_file.h"
#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class DatabaseTest : public StoreFolder {
 protected:
  static int jobs_in(Database& database) {
    return database.read([](Connection& c) { return c.execAndGet("SELECT count(*) FROM jobs").getInt(); });
  }
  void write_file(const std::filesystem::path& path, const std::string& content) { write_private_file(path, content); }
};

TEST_F(DatabaseTest, IsPrivateWithItsCompanions) {
  ::umask(0);
  Database database(file_);
  database.write("add", [](Connection& c) { Jobs(c).insert(job_named("a")); });
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file_.parent_path())) {
    EXPECT_EQ(mode_of(entry.path()), 0600u) << entry.path();
    ++seen;
  }
  ::umask(022);
  EXPECT_EQ(seen, 4) << "the database, its -wal, -shm and .reserve";
}

TEST_F(DatabaseTest, RunsWithFullSyncWalAndForeignKeys) {
  Database database(file_);
  database.read([](Connection& c) {
    EXPECT_EQ(c.execAndGet("PRAGMA synchronous").getInt(), 2);
    EXPECT_EQ(c.execAndGet("PRAGMA journal_mode").getString(), "wal");
    EXPECT_EQ(c.execAndGet("PRAGMA foreign_keys").getInt(), 1);
    EXPECT_EQ(c.execAndGet("PRAGMA busy_timeout").getInt(), 10000);
    EXPECT_EQ(c.execAndGet("PRAGMA user_version").getInt(), Database::kSchemaVersion);
  });
}

TEST_F(DatabaseTest, GivesBackWhatTheWorkReturns) {
  Database database(file_);
  EXPECT_EQ(database.write("none", [](Connection&) { return std::string("text"); }), "text");
  auto moved = database.write("none", [](Connection&) { return std::make_unique<int>(7); });
  EXPECT_EQ(*moved, 7);
}

TEST_F(DatabaseTest, RollsBackWhenTheWorkThrows) {
  Database database(file_);
  EXPECT_THROW(database.write("add",
                              [](Connection& c) {
                                Jobs(c).insert(job_named("a"));
                                throw std::runtime_error("no");
                              }),
               std::runtime_error);
  EXPECT_EQ(jobs_in(database), 0);
  database.write("add", [](Connection& c) { Jobs(c).insert(job_named("a")); });
  EXPECT_EQ(jobs_in(database), 1);
}

TEST_F(DatabaseTest, ReadsOneSnapshot) {
  Database database(file_);
  database.read([&](Connection& c) {
    EXPECT_EQ(c.execAndGet("SELECT count(*) FROM jobs").getInt(), 0);
    std::thread([&] { database.write("add", [](Connection& w) { Jobs(w).insert(job_named("a")); }); }).join();
    EXPECT_EQ(c.execAndGet("SELECT count(*) FROM jobs").getInt(), 0);
  });
  EXPECT_EQ(jobs_in(database), 1);
}

TEST_F(DatabaseTest, RefusesAWriteInsideAWrite) {
  Database database(file_);
  const Error error =
      error_of([&] { database.write("outer", [&](Connection&) { database.write("inner", [](Connection&) {}); }); });
  EXPECT_EQ(error.fault, Fault::internal);
  EXPECT_STREQ(error.what(), "write \"inner\" begun inside another write");
  database.write("after", [](Connection& c) { Jobs(c).insert(job_named("a")); });
}

TEST_F(DatabaseTest, KeepsStatementsForTheNextTime) {
  const auto numbers = [](Connection& c, int from, auto&& each) {
    Query q(c, "SELECT column1 FROM (VALUES (1), (2), (3)) WHERE column1 >= ?");
    q->bind(1, from);
    while (q->executeStep()) each(q->getColumn(0).getInt());
  };
  Database database(file_);
  database.read([&](Connection& c) {
    const auto statement = [&] { return &*Query(c, "SELECT 1"); };
    EXPECT_EQ(statement(), statement()) << "compiled twice";
    int pairs = 0;
    numbers(c, 1, [&](int first) { numbers(c, first, [&](int) { ++pairs; }); });
    EXPECT_EQ(pairs, 6) << "the same statement within itself";
  });
}

TEST_F(DatabaseTest, GoesOnWithAStatementThatFailed) {
  const auto insert = [](Connection& c) {
    Query q(c, "INSERT INTO meta (key, value) VALUES (?, 'v')");
    q->bindNoCopy(1, "k");
    q->exec();
  };
  Database database(file_);
  database.write("first", insert);
  EXPECT_EQ(error_of([&] { database.write("again", insert); }).fault, Fault::conflict);
  database.write("other", [](Connection& c) { c.exec("DELETE FROM meta WHERE key = 'k'"); });
  EXPECT_NO_THROW(database.write("once more", insert));
}

TEST_F(DatabaseTest, TellsThatAKeyIsTaken) {
  Database database(file_);
  database.write("add", [](Connection& c) { Jobs(c).insert(job_named("a")); });
  const Error error = error_of([&] { database.write("add", [](Connection& c) { Jobs(c).insert(job_named("a")); }); });
  EXPECT_EQ(error.fault, Fault::conflict);
  EXPECT_EQ(error.what(), "add in " + file_.string() + ": UNIQUE constraint failed: jobs.id");
}

TEST_F(DatabaseTest, TellsThatAnotherProcessHoldsIt) {
  Database database(file_);
  database.read([](Connection& c) { c.setBusyTimeout(20); });  // of the one pooled connection
  Connection other(file_.string(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  const Error error = error_of([&] { database.write("add", [](Connection&) {}); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_EQ(error.what(), "add in " + file_.string() + ": database is locked");
}

TEST_F(DatabaseTest, RefusesANewerSchemaAndLeavesItAlone) {
  {
    const Database database(file_);
  }
  {
    Connection raw(file_.string(), SQLite::OPEN_READWRITE);
    raw.exec("PRAGMA user_version = 7");
  }
  const std::string before = read_file(file_);
  const Error error = error_of([&] { const Database database(file_); });
  EXPECT_EQ(error.fault, Fault::invalid);
  EXPECT_EQ(error.what(), file_.string() + " is from a newer stoker (schema 7, this one knows 3)");
  EXPECT_EQ(error.hint, "install the newer version again, or give this one another state folder");
  EXPECT_EQ(read_file(file_), before);
}

TEST_F(DatabaseTest, RefusesTheDatabaseOfAnotherProgram) {
  write_file(file_, "");
  {
    Connection raw(file_.string(), SQLite::OPEN_READWRITE);
    raw.exec("CREATE TABLE t (x)");
  }
  const Error error = error_of([&] { const Database database(file_); });
  EXPECT_EQ(error.fault, Fault::invalid);
  EXPECT_EQ(error.what(), file_.string() + " is a database of another program");
}

TEST_F(DatabaseTest, MigratesAnEmptyFile) {
  write_file(file_, "");
  Database database(file_);
  EXPECT_EQ(jobs_in(database), 0);
}

TEST_F(DatabaseTest, RefusesWhatIsNoDatabase) {
  write_file(file_, std::string(8192, 'x'));
  const Error error = error_of([&] { const Database database(file_); });
  EXPECT_EQ(error.fault, Fault::invalid);
  EXPECT_EQ(error.what(), file_.string() + " is damaged: file is not a database");
  EXPECT_NE(error.hint.find("put back a copy"), std::string::npos) << error.hint;
}

TEST_F(DatabaseTest, RefusesADamagedPage) {
  {
    Database database(file_);
    database.write("add", [](Connection& c) {
      for (int i = 0; i < 500; ++i) Jobs(c).insert(job_named("job" + std::to_string(i)));
    });
  }
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 3; page < 40; ++page) {
      file.seekp(page * 4096 + 8);
      file.write("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    }
  }
  const Error error = error_of([&] { const Database database(file_); });
  EXPECT_EQ(error.fault, Fault::invalid);
  EXPECT_EQ(std::string(error.what()).find(file_.string() + " is damaged: "), 0u) << error.what();
}

TEST_F(DatabaseTest, RefusesAFileThatOthersCanRead) {
  {
    const Database database(file_);
  }
  std::filesystem::permissions(file_, std::filesystem::perms(0644));
  const Error error = error_of([&] { const Database database(file_); });
  EXPECT_EQ(error.fault, Fault::forbidden);
  EXPECT_EQ(error.what(), file_.string() + " can be read or written by other users");
  EXPECT_EQ(error.hint, "run: chmod 600 " + file_.string());
}

TEST_F(DatabaseTest, TellsOfAMissingFolder) {
  const Error error = error_of([&] { const Database database(folder_ / "none" / "stoker.db"); });
  EXPECT_EQ(error.fault, Fault::not_found);
}

TEST_F(DatabaseTest, LetsManyThreadsWriteAndRead) {
  Database database(file_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&database, t] {
      for (int i = 0; i < 50; ++i) {
        database.write("add", [&](Connection& c) { Jobs(c).insert(job_named(std::to_string(t * 100 + i))); });
        jobs_in(database);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(jobs_in(database), 200);
}

}  // namespace
}  // namespace stoker::store
