// Where a service finds the secrets of one account.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace stoker::plugin_host {

// The secrets of one account, by the key of the set-up field. Any thread.
class SecretSource {
 public:
  virtual ~SecretSource() = default;
  // Calls `use` once with the secret. Throws Error{invalid} with field = key where there is none.
  virtual void use(const std::string& key, const std::function<void(std::string_view)>& use) const = 0;
};

}  // namespace stoker::plugin_host
