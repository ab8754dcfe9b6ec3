#include "core/store/vault.h"

#include <SQLiteCpp/Statement.h>
#include <sodium.h>

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/private_file.h"
#include "core/store/vault_key.h"

namespace stoker::store {
namespace {

// Room enough to keep short strings off std::string's inline buffer, which a move copies and does not wipe.
constexpr size_t kHeapBytes = 64;

}  // namespace

Secret::Secret(std::string_view bytes) {
  bytes_.reserve(std::max(bytes.size(), kHeapBytes));
  bytes_.assign(bytes);
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  sodium_memzero(bytes_.data(), bytes_.size());
  bytes_ = std::move(other.bytes_);
  return *this;
}

Secret::~Secret() { sodium_memzero(bytes_.data(), bytes_.size()); }

std::string_view Secret::view() const { return bytes_; }

struct Vault::Impl {
  Database& database;
  VaultKey key;
};

Vault::Vault(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Vault::Vault(Vault&&) noexcept = default;
Vault::~Vault() = default;

Vault Vault::with_key_file(Database& database, const std::filesystem::path& key_file) {
  return Vault(std::unique_ptr<Impl>(new Impl{database, VaultKey::from_file(database, key_file)}));
}

Vault Vault::with_passphrase(Database& database, std::string_view passphrase, KeyCost cost) {
  return Vault(std::unique_ptr<Impl>(new Impl{database, VaultKey::from_passphrase(database, passphrase, cost)}));
}

void Vault::put(const std::string& name, std::string_view secret) {
  impl_->database.write("store a secret", [&](Connection& connection) { put(connection, name, secret); });
}

void Vault::put(Connection& connection, const std::string& name, std::string_view secret) {
  SQLite::Statement last(connection, "SELECT version FROM secrets WHERE name = ?");
  last.bindNoCopy(1, name);
  const int64_t version = last.executeStep() ? last.getColumn(0).getInt64() + 1 : 1;
  const Sealed sealed = impl_->key.seal(name, version, secret);
  SQLite::Statement q(connection, "INSERT OR REPLACE INTO secrets (name, version, nonce, box) VALUES (?, ?, ?, ?)");
  q.bindNoCopy(1, name);
  q.bind(2, version);
  q.bindNoCopy(3, sealed.nonce.data(), static_cast<int>(sealed.nonce.size()));
  q.bindNoCopy(4, sealed.box.data(), static_cast<int>(sealed.box.size()));
  q.exec();
}

std::optional<Secret> Vault::get(const std::string& name) const {
  struct Record {
    int64_t version;
    Sealed sealed;
  };
  const auto record = impl_->database.read([&](Connection& connection) -> std::optional<Record> {
    SQLite::Statement q(connection, "SELECT version, nonce, box FROM secrets WHERE name = ?");
    q.bindNoCopy(1, name);
    if (!q.executeStep()) return std::nullopt;
    return Record{q.getColumn(0).getInt64(), {q.getColumn(1).getString(), q.getColumn(2).getString()}};
  });
  if (!record) return std::nullopt;
  std::optional<Secret> secret = impl_->key.open(name, record->version, record->sealed);
  if (!secret)
    throw Error(Fault::auth,
                "the secret \"" + name + "\" can not be opened: its record was changed or belongs to another key",
                "enter it again");
  return secret;
}

void Vault::erase(const std::string& name) {
  impl_->database.write("erase a secret", [&](Connection& connection) {
    SQLite::Statement q(connection, "DELETE FROM secrets WHERE name = ?");
    q.bindNoCopy(1, name);
    q.exec();
  });
}

void Vault::erase_all(const std::string& prefix) {
  impl_->database.write("erase secrets", [&](Connection& connection) { erase_all(connection, prefix); });
}

void Vault::erase_all(Connection& connection, const std::string& prefix) {
  SQLite::Statement q(connection, "DELETE FROM secrets WHERE substr(name, 1, length(?1)) = ?1");
  q.bindNoCopy(1, prefix);
  q.exec();
}

std::vector<std::string> Vault::names(const std::string& prefix) const {
  return impl_->database.read([&](Connection& connection) {
    SQLite::Statement q(connection, "SELECT name FROM secrets WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name");
    q.bindNoCopy(1, prefix);
    std::vector<std::string> names;
    while (q.executeStep()) names.push_back(q.getColumn(0).getString());
    return names;
  });
}

}  // namespace stoker::store
