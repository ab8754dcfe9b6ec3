// Where the key that signs comes from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stoker/cpp/call.hpp>
#include <stoker/cpp/config.hpp>
#include <string>

#include "plugins/aws/sigv4.h"

namespace stoker::aws {

// The first of these that is there, and that one alone: a source that is there and broken is told, never skipped, for
// the next one may be somebody else's account.
//   1. the key pair of the Stoker account, from the vault: what its user connected
//   2. the profile that the account names; as with the AWS command line, a profile that is named passes by 3
//   3. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the agent
//   4. the profile AWS_PROFILE, or `default` where 5 is not asked for
//   5. the role of the machine that the agent runs on, by IMDSv2: only where the account says so, since elsewhere there
//      is nobody at that address, and asking would hang
// A profile holds a key, or a `credential_process`. What has an end is read anew 15 minutes before it.
class CredentialChain {
 public:
  explicit CredentialChain(const Config& config);

  // A key, and whether its token is the account's `session_token`, which the host puts into the request.
  using Sign = std::function<void(const KeyPair&, bool token_in_vault)>;
  // Lends the key to `sign`.
  void lend(Call& call, const Sign& sign);
  // After a refusal: forgets a key that was read, so that the next one is read anew. False where that changes nothing.
  bool renew();
  // "the profile lab", of the key lent last.
  [[nodiscard]] const std::string& source() const { return source_; }
  // The set-up field to blame.
  [[nodiscard]] const char* field() const { return field_; }

 private:
  struct Key {
    std::string id, secret, token;
    std::int64_t expires_ms = 0;  // 0: never
  };
  void lend_account_key(Call& call, const Sign& sign);
  Key read(Call& call);
  Key of_environment();
  Key of_profile(Call& call, const std::string& name, bool named);
  Key of_json(const std::string& text, const char* token_name);
  Key of_role(Call& call);
  void require_whole(const Key& key) const;

  std::string access_key_id_, profile_;
  bool role_;
  std::string source_ = "the account's key";
  const char* field_ = "secret_access_key";
  std::optional<Key> key_;
};

}  // namespace stoker::aws
