#include "core/store/install.h"

#include "core/private_file.h"
#include "core/store/instances.h"
#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class InstallTest : public StoreFolder {
 protected:
  static void rent(Database& database) {
    database.write("rent", [](Connection& c) {
      InstanceRow row;
      row.id = "stk-1";
      Instances(c).insert(row);
    });
  }
};

TEST_F(InstallTest, IsMadeOnceInBothPlaces) {
  const auto file = folder_ / "state" / "install-id";
  Database database(file_);
  const std::string id = install_id(database, file);
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(read_file(file), id + "\n");
  EXPECT_EQ(mode_of(file), 0600u);
  rent(database);
  EXPECT_EQ(install_id(database, file), id);
}

TEST_F(InstallTest, MendsAMissingHalfWhileNothingWasRented) {
  const auto file = folder_ / "state" / "install-id";
  Database database(file_);
  const std::string id = install_id(database, file);
  std::filesystem::remove(file);
  EXPECT_EQ(install_id(database, file), id);
  Database fresh(folder_ / "state" / "fresh.db");
  EXPECT_EQ(install_id(fresh, file), id)
      << "a store made anew goes on under the old id: its machines can be found by it";
}

TEST_F(InstallTest, RefusesARestoredOrCopiedStore) {
  const auto file = folder_ / "state" / "install-id";
  Database database(file_);
  const std::string id = install_id(database, file);
  rent(database);
  std::filesystem::remove(file);
  const Error missing = error_of([&] { (void)install_id(database, file); });
  EXPECT_EQ(missing.fault, Fault::conflict);
  EXPECT_EQ(missing.what(),
            "machines are recorded in " + file_.string() + " but the install id is missing from " + file.string());
  EXPECT_NE(missing.hint.find("restored, copied or moved"), std::string::npos);
  write_private_file(file, "0123456789abcdef\n");
  const Error differs = error_of([&] { (void)install_id(database, file); });
  EXPECT_EQ(differs.fault, Fault::conflict);
  EXPECT_EQ(differs.what(),
            "install id " + id + " in " + file_.string() + " differs from 0123456789abcdef in " + file.string());
  write_private_file(file, "nonsense");
  EXPECT_EQ(error_of([&] { (void)install_id(database, file); }).fault, Fault::invalid);
}

TEST_F(InstallTest, WhatIsRecordedIsToldAndNothingMade) {
  const auto file = folder_ / "state" / "install-id";
  Database database(file_);
  EXPECT_EQ(install_id_in(database) + install_id_in(file), "");
  EXPECT_FALSE(std::filesystem::exists(file));
  const std::string id = install_id(database, file);
  EXPECT_EQ(install_id_in(database), id);
  EXPECT_EQ(install_id_in(file), id);
  write_private_file(file, "nonsense");
  EXPECT_EQ(error_of([&] { (void)install_id_in(file); }).fault, Fault::invalid);
  EXPECT_EQ(install_id_in(database), id);
}

}  // namespace
}  // namespace stoker::store
