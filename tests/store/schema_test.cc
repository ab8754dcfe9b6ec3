#include "core/store/schema.h"

#include <SQLiteCpp/Statement.h>

#include "core/private_file.h"
#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class SchemaTest : public StoreFolder {};

std::string dump(Connection& connection) {
  std::string text;
  SQLite::Statement q(connection,
                      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name");
  while (q.executeStep()) text += q.getColumn(0).getString() + ";\n";
  return text;
}

std::filesystem::path checked_in(int version) {
  return std::filesystem::path(STOKER_SOURCE_DIR) / "tests/store/schemas" / ("v" + std::to_string(version) + ".sql");
}

TEST_F(SchemaTest, IsTheOneCheckedIn) {
  Database database(file_);
  const std::string made = database.read(dump);
  EXPECT_EQ(made, read_file(checked_in(Database::kSchemaVersion)))
      << "a table changed: add a migration and a version, and check in the dump as schemas/v<N>.sql; older ones stay";
}

TEST_F(SchemaTest, IsReachedFromEveryOlderOne) {
  for (int version = 0; version <= Database::kSchemaVersion; ++version) {
    const auto file = folder_ / "state" / ("old" + std::to_string(version));
    write_private_file(file, "");
    if (version > 0) {
      Connection old(file.string(), SQLite::OPEN_READWRITE);
      old.exec("PRAGMA application_id = 1400138610");
      old.exec(read_file(checked_in(version)));
      old.exec("PRAGMA user_version = " + std::to_string(version));
    }
    Database database(file);
    EXPECT_EQ(database.read(dump), read_file(checked_in(Database::kSchemaVersion))) << "from version " << version;
    EXPECT_EQ(database.read([](Connection& c) { return c.execAndGet("PRAGMA user_version").getInt(); }),
              Database::kSchemaVersion);
  }
}

}  // namespace
}  // namespace stoker::store
