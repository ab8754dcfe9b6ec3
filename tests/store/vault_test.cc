#include "core/store/vault.h"

#include <SQLiteCpp/Statement.h>

#include "core/private_file.h"
#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class VaultTest : public StoreFolder {
 protected:
  void SetUp() override {
    StoreFolder::SetUp();
    key_ = folder_ / "config" / "key";
  }
  void sql(const char* text) { Connection(file_.string(), SQLite::OPEN_READWRITE).exec(text); }
  std::filesystem::path key_;
};

constexpr const char* kToken = "hf_S3cretTokenThatMustNotBeSeen";

TEST_F(VaultTest, KeepsSecretsAcrossOpenings) {
  {
    Database database(file_);
    Vault vault = Vault::with_key_file(database, key_);
    vault.put("account/aws", kToken);
    vault.put("account/aws", std::string("new\0value", 9));
    vault.put("empty", "");
  }
  Database database(file_);
  const Vault vault = Vault::with_key_file(database, key_);
  EXPECT_EQ(vault.get("account/aws")->view(), std::string_view("new\0value", 9));
  EXPECT_EQ(vault.get("empty")->view(), "");
  EXPECT_FALSE(vault.get("none"));
  EXPECT_EQ(mode_of(key_), 0600u);
  EXPECT_EQ(mode_of(key_.parent_path()), 0700u);
  EXPECT_EQ(std::filesystem::file_size(key_), 32u);
}

TEST_F(VaultTest, ErasesByNameAndPrefix) {
  Database database(file_);
  Vault vault = Vault::with_key_file(database, key_);
  for (const char* name : {"job/1/A", "job/1/B", "job/10/A", "JOB/1/A", "x%"}) vault.put(name, "s");
  EXPECT_EQ(vault.names("job/"), (std::vector<std::string>{"job/1/A", "job/1/B", "job/10/A"}));
  vault.erase_all("job/1/");
  EXPECT_EQ(vault.names(""), (std::vector<std::string>{"JOB/1/A", "job/10/A", "x%"}));
  vault.erase("x%");
  vault.erase("x%");
  EXPECT_FALSE(vault.get("x%"));
}

TEST_F(VaultTest, WritesNoSecretToDisk) {
  Database database(file_);
  Vault vault = Vault::with_key_file(database, key_);
  vault.put("account/hf", kToken);
  const std::string key = read_file(key_);
  int scanned = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file_.parent_path())) {
    const std::string bytes = read_file(entry.path());
    EXPECT_EQ(bytes.find(std::string_view(kToken).substr(4, 10)), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.find(key), std::string::npos) << entry.path();
    ++scanned;
  }
  EXPECT_GE(scanned, 3);
  EXPECT_NE(read_file(file_.string() + "-wal").find("account/hf"), std::string::npos) << "the scan sees the record";
}

TEST_F(VaultTest, RefusesExchangedAndChangedRecords) {
  Database database(file_);
  Vault vault = Vault::with_key_file(database, key_);
  vault.put("a", kToken);
  vault.put("b", "other");
  sql("UPDATE secrets SET nonce = (SELECT nonce FROM secrets WHERE name = 'a'), box = (SELECT box FROM secrets WHERE "
      "name = 'a')"
      " WHERE name = 'b'");
  const Error error = error_of([&] { (void)vault.get("b"); });
  EXPECT_EQ(error.fault, Fault::auth);
  EXPECT_STREQ(error.what(), "the secret \"b\" can not be opened: its record was changed or belongs to another key");
  EXPECT_EQ(vault.get("a")->view(), kToken);
  sql("UPDATE secrets SET version = 2 WHERE name = 'a'");
  EXPECT_EQ(error_of([&] { (void)vault.get("a"); }).fault, Fault::auth);
  sql("UPDATE secrets SET version = 1, box = x'00' WHERE name = 'a'");
  EXPECT_EQ(error_of([&] { (void)vault.get("a"); }).fault, Fault::auth);
}

TEST_F(VaultTest, TellsAWrongOrMissingKeyAtOnce) {
  Database database(file_);
  Vault::with_key_file(database, key_).put("a", "s");
  const Error missing = error_of([&] {
    std::filesystem::rename(key_, key_.string() + ".old");
    Vault::with_key_file(database, key_);
  });
  EXPECT_EQ(missing.fault, Fault::auth);
  EXPECT_EQ(missing.what(), "the key file " + key_.string() + " is missing but secrets are sealed with it");
  EXPECT_FALSE(std::filesystem::exists(key_)) << "no new key may take its place";

  write_private_file(key_, std::string(32, 'k'));
  const Error wrong = error_of([&] { Vault::with_key_file(database, key_); });
  EXPECT_EQ(wrong.fault, Fault::auth);
  EXPECT_EQ(wrong.what(), key_.string() + " is not the key that the secrets in " + file_.string() + " are sealed with");

  write_private_file(key_, "short");
  const Error small = error_of([&] { Vault::with_key_file(database, key_); });
  EXPECT_EQ(small.what(), key_.string() + " is not a key file: 5 bytes instead of 32");
}

TEST_F(VaultTest, RefusesAKeyFileBesideTheStoreOrOpenToOthers) {
  Database database(file_);
  const auto beside = folder_ / "config" / ".." / "state" / "key";
  const Error same = error_of([&] { Vault::with_key_file(database, beside); });
  EXPECT_EQ(same.fault, Fault::invalid);
  EXPECT_EQ(same.what(), "the key file " + beside.string() + " lies in the folder of the store it locks");
  Vault::with_key_file(database, key_);
  std::filesystem::permissions(key_, std::filesystem::perms(0640));
  EXPECT_EQ(error_of([&] { Vault::with_key_file(database, key_); }).fault, Fault::forbidden);
}

TEST_F(VaultTest, OpensWithItsPassphraseOnly) {
  Database database(file_);
  Vault::with_passphrase(database, "correct horse", KeyCost::interactive).put("a", kToken);
  EXPECT_EQ(Vault::with_passphrase(database, "correct horse").get("a")->view(), kToken)
      << "at the cost it was made with";
  const Error wrong = error_of([&] { Vault::with_passphrase(database, "battery staple"); });
  EXPECT_EQ(wrong.fault, Fault::auth);
  EXPECT_EQ(wrong.what(), "the passphrase does not fit the secrets in " + file_.string());
  const Error kind = error_of([&] { Vault::with_key_file(database, key_); });
  EXPECT_EQ(kind.fault, Fault::auth);
  EXPECT_EQ(kind.what(), "the secrets in " + file_.string() + " are locked with a passphrase");
  EXPECT_FALSE(std::filesystem::exists(key_));
  EXPECT_EQ(error_of([&] { Vault::with_passphrase(database, ""); }).fault, Fault::invalid);

  sql("UPDATE meta SET value = '99999999999999' WHERE key = 'vault_memory'");
  EXPECT_EQ(error_of([&] { Vault::with_passphrase(database, "correct horse"); }).fault, Fault::invalid);
}

TEST_F(VaultTest, TellsThatAKeyFileIsNeeded) {
  Database database(file_);
  Vault::with_key_file(database, key_);
  const Error error = error_of([&] { Vault::with_passphrase(database, "word"); });
  EXPECT_EQ(error.what(), "the secrets in " + file_.string() + " are locked with a key file");
}

TEST(SecretTest, MovesAndIsGoneAfterwards) {
  Secret a("token");
  Secret b(std::move(a));
  EXPECT_EQ(b.view(), "token");
  EXPECT_EQ(a.view(), "");  // NOLINT(bugprone-use-after-move)
  b = Secret("longer than the room that a string has inside itself");
  EXPECT_EQ(b.view(), "longer than the room that a string has inside itself");
}

}  // namespace
}  // namespace stoker::store
