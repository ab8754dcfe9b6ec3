// The key of the vault: where it comes from, the proof that it is the right one, sealing and opening single records.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/store/vault.h"

namespace stoker::store {

struct Sealed {
  std::string nonce, box;
};

class VaultKey {
 public:
  static VaultKey from_file(Database& database, const std::filesystem::path& key_file);
  static VaultKey from_passphrase(Database& database, std::string_view passphrase, KeyCost cost);

  [[nodiscard]] Sealed seal(const std::string& name, int64_t version, std::string_view plain) const;
  // Nothing when the key, the name or the version is not what the record was sealed with, or a bit of it has changed.
  [[nodiscard]] std::optional<Secret> open(const std::string& name, int64_t version, const Sealed& sealed) const;

 private:
  struct Wipe {
    void operator()(unsigned char* bytes) const;
  };
  // Locked, guarded memory that is wiped when it goes.
  using Bytes = std::unique_ptr<unsigned char[], Wipe>;

  explicit VaultKey(Bytes bytes) : bytes_(std::move(bytes)) {}
  static Bytes allocate();
  [[nodiscard]] bool opens(const Sealed& check) const;

  Bytes bytes_;
};

}  // namespace stoker::store
