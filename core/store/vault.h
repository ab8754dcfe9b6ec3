// Secrets at rest: XChaCha20-Poly1305 records in table `secrets`, bound to their name, under a key that is not in the
// store.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

// Bytes that are wiped when they go.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  Secret(Secret&&) noexcept;
  Secret& operator=(Secret&&) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();
  [[nodiscard]] std::string_view view() const;

 private:
  std::string bytes_;
};

// What deriving a key from a passphrase costs a guesser: libsodium's "moderate" (256 MiB, about a second) or
// "interactive" (64 MiB, for tests). Kept in the store, so that only making a vault chooses it.
enum class KeyCost { moderate, interactive };

// Any thread. Records are sealed with their name and version, so that they can not be exchanged within the table.
class Vault {
 public:
  // The key from a file (32 random bytes, 0600, made at first use, in another folder than the store). Throws auth when
  // it is not the one the store was made with, or is missing though secrets are sealed with it.
  static Vault with_key_file(Database& database, const std::filesystem::path& key_file);
  // The key from a passphrase (Argon2id; salt in the store). Throws auth when it is not the one the store was made
  // with.
  static Vault with_passphrase(Database& database, std::string_view passphrase, KeyCost cost = KeyCost::moderate);

  Vault(Vault&&) noexcept;
  ~Vault();

  void put(const std::string& name, std::string_view secret);
  // Within a transaction of the caller's, so that what belongs together is stored together.
  void put(Connection& connection, const std::string& name, std::string_view secret);
  [[nodiscard]] std::optional<Secret> get(const std::string& name) const;  // throws auth when the key does not fit
  void erase(const std::string& name);
  void erase_all(const std::string& prefix);
  static void erase_all(Connection& connection, const std::string& prefix);
  [[nodiscard]] std::vector<std::string> names(const std::string& prefix) const;

 private:
  struct Impl;
  explicit Vault(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stoker::store
