// Table `tokens`: the tokens of apps. Of a secret only its hash is here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

struct TokenRow {
  std::string id;    // "tok-" and 13 characters
  std::string name;  // of one live token only; owns the jobs that were submitted with it
  std::array<unsigned char, 32> sha256{};
  std::string scope = "run";
  std::vector<std::string> origins;                          // none: for programs that are no web page
  int64_t created_ms = 0, last_used_ms = 0, revoked_ms = 0;  // ms since 1970; 0: never
};

class Tokens {
 public:
  explicit Tokens(Connection& connection) : db_(connection) {}

  void insert(const TokenRow& row);
  void revoke(const std::string& id, int64_t now_ms);
  void note_use(const std::string& id, int64_t now_ms);
  [[nodiscard]] std::optional<TokenRow> find_live(const std::string& name) const;
  [[nodiscard]] std::vector<TokenRow> live() const;  // oldest first

 private:
  Connection& db_;
};

}  // namespace stoker::store
