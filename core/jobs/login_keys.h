// The user's own SSH keys: who holds one may log in to every machine that is rented while it is here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/store/ssh_keys.h"

namespace stoker::jobs {

constexpr size_t kMaxLoginKeys = 10;        // they travel in user data, which clouds limit to 16 KiB
constexpr size_t kMaxLoginKeyBytes = 1024;  // RSA of 4096 bits has 724

class LoginKeys {
 public:
  LoginKeys(store::Database& db, Clock& clock) : db_(db), clock_(clock) {}

  struct Made {
    store::SshKeyRow row;
    std::string private_key;  // OpenSSH PEM; known here and now, and never again
  };
  // All throw invalid for a bad name, conflict for a name or key that is there already.
  [[nodiscard]] Made generate(const std::string& name);
  store::SshKeyRow add(const std::string& name, std::string_view public_key);
  [[nodiscard]] std::vector<store::SshKeyRow> all() const;  // oldest first
  void remove(const std::string& id);  // throws not_found; machines that are rented already keep it

 private:
  store::SshKeyRow insert(const std::string& name, const std::string& public_key);

  store::Database& db_;
  Clock& clock_;
};

// "ssh-ed25519 AAAA...", without the comment, which may hold anything. Throws invalid for what is no line of a public
// key that sshd takes for a login.
[[nodiscard]] std::string checked_login_key(std::string_view line);

[[nodiscard]] std::string login_key_fingerprint(const store::SshKeyRow& row);  // "SHA256:..."

// Those in the store as lines of authorized_keys, each with a line feed before it.
[[nodiscard]] std::string further_login_lines(store::Database& db);

}  // namespace stoker::jobs
