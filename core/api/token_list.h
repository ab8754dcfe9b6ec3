// The tokens that open the API: the agent's own, and those of apps in the store. A change holds from the next request
// on.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/api/token.h"
#include "core/clock.h"
#include "core/store/tokens.h"

namespace stoker::api {

class TokenList {
 public:
  TokenList(store::Database& db, Clock& clock, std::vector<Token> own);

  [[nodiscard]] std::shared_ptr<const std::vector<Token>> current() const;

  struct NewToken {
    std::string name;
    std::vector<std::string> origins;
    bool replace = false;  // revoke the one of that name
  };
  struct Made {
    store::TokenRow row;
    std::string secret;  // known here and now, and never again
  };
  // Throws invalid for a bad name or origin, conflict for a name that is taken.
  [[nodiscard]] Made make(const NewToken& wanted);
  [[nodiscard]] std::vector<store::TokenRow> live() const;  // oldest first
  void revoke(const std::string& id);                       // throws not_found

  // Remembers that the token was used, to the hour.
  void note_use(const std::string& id);

 private:
  // One transaction; what is live after it is what holds.
  void change(const char* what, const std::function<void(store::Tokens&)>& act);
  void show(std::vector<store::TokenRow> rows, int64_t version);

  store::Database& db_;
  Clock& clock_;
  const std::vector<Token> own_;
  std::atomic<int64_t> changes_ = 0;  // counted within their transactions, so in the order of the commits
  mutable std::mutex mutex_;          // of all below
  int64_t version_ = -1;              // of what is shown: a later change may be shown first
  std::shared_ptr<const std::vector<Token>> current_;
  std::vector<store::TokenRow> rows_;
};

}  // namespace stoker::api
