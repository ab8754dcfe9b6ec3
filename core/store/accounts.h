// Table `accounts`: the cloud accounts that were connected. Their credentials are in the vault, not here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

struct AccountRow {
  std::string id;        // "lambda", "lambda-2", or as the user named it: [a-z0-9-]
  std::string provider;  // plugin id
  std::string name;      // a label for people
  std::vector<std::pair<std::string, std::string>> settings;  // set-up fields that are no secrets
  std::string cloud_id, cloud_name;                           // who the cloud says this is
  std::optional<int64_t> balance_micros;                      // nothing: the cloud does not say
  std::string currency = "USD";
  int64_t created_ms = 0, checked_ms = 0;  // ms since 1970; of the last check
  std::string problem, hint;               // what the last check found; empty: all well
};

class Accounts {
 public:
  explicit Accounts(Connection& connection) : db_(connection) {}

  void insert(const AccountRow& row);
  void update(const AccountRow& row);  // everything but id, provider, created_ms; throws not_found
  void erase(const std::string& id);   // with the regions it was used in
  [[nodiscard]] std::optional<AccountRow> find(const std::string& id) const;
  [[nodiscard]] std::vector<AccountRow> all() const;  // oldest first

 private:
  Connection& db_;
};

}  // namespace stoker::store
