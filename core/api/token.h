// Bearer tokens: who may call, kept as SHA-256 so that a leaked list opens nothing.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::api {

enum class Scope { none, run, admin };

// What a token may do. `run` is for apps: jobs and files, nothing that names paths of this machine or ends a rental.
struct Token {
  std::string name;  // "admin", or an app's; the owner of the jobs it submits
  Scope scope = Scope::run;
  std::array<unsigned char, 32> sha256{};
  // A browser app's: the only Origins it may be used from, and each of its calls must name one. Empty: only from
  // outside browsers, by programs that send no Origin.
  std::vector<std::string> origins;
  std::string id;  // in the store; empty: the agent's own

  // From the secret itself, which is not kept.
  [[nodiscard]] static Token of(std::string name, Scope scope, std::string_view secret,
                                std::vector<std::string> origins = {});
};

// 256 random bits as 43 characters of base64url.
[[nodiscard]] std::string new_secret();

// The token with this secret. Takes the same time whichever it is, or none.
[[nodiscard]] const Token* find_token(const std::vector<Token>& tokens, std::string_view secret);

}  // namespace stoker::api
