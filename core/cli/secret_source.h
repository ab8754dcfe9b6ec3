// Where a secret comes from when nobody types it: never from the command line itself.
#pragma once

#include <string>
#include <string_view>

#include "core/cli/secret_text.h"
#include "core/error.h"

namespace stoker::cli {

constexpr size_t kMaxSecret = 64 << 10;  // what the agent takes

// `source` is env:VAR, file:PATH or - for a line of standard input; `key` is whose secret it is. Throws bad usage for
// all else and for what is absent or empty, without repeating what may be the secret itself.
[[nodiscard]] SecretText read_secret(const std::string& key, std::string_view source);

// What is said to who types a secret after `option`.
[[nodiscard]] Error literal_secret(const std::string& option, const std::string& key);

}  // namespace stoker::cli
