// What is sent to connect an account, or to change one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/cli/account_setup.h"
#include "core/cli/command.h"
#include "core/cli/secret_text.h"

namespace stoker::cli {

struct AccountRequest {
  std::string provider, id;  // empty: not sent
  std::optional<std::string> name;
  std::map<std::string, SecretText> values;  // of the fields, secret or not

  // Throws bad usage for what is not UTF-8.
  void put(const std::string& key, SecretText value);
  // Takes what --set and --secret give. Throws bad usage for what the set-up does not have, for a secret that is typed
  // out and for a source that has none; no message repeats what may be a secret.
  void take(const Arguments& arguments, const AccountSetup& setup);
  // Throws bad usage naming every required field that has no value, and how to give each.
  void require_all(const AccountSetup& setup) const;
  [[nodiscard]] SecretText json() const;
};

// A path as the agent needs it, which has neither the caller's folder nor the shell's ~.
[[nodiscard]] std::string absolute_path(const std::string& typed);

}  // namespace stoker::cli
