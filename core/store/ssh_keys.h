// Table `ssh_keys`: the public keys with which the user logs in to rented machines. No private key is here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

struct SshKeyRow {
  std::string id;          // "key-" and 13 characters
  std::string name;        // unique
  std::string public_key;  // "ssh-ed25519 AAAA...", without comment; unique
  int64_t created_ms = 0;  // since 1970
};

class SshKeys {
 public:
  explicit SshKeys(Connection& connection) : db_(connection) {}

  void insert(const SshKeyRow& row);                 // throws conflict naming the key that has its name or is the same
  void erase(const std::string& id);                 // throws not_found
  [[nodiscard]] std::vector<SshKeyRow> all() const;  // oldest first

 private:
  Connection& db_;
};

}  // namespace stoker::store
