// Asking the agent for tokens of apps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/cli/agent_client.h"
#include "core/cli/json_reader.h"

namespace stoker::cli {

constexpr const char* kTokens = "/v1/tokens";

struct TokenRequest {
  std::string name;
  std::vector<std::string> origins;
  bool replace = false;  // revoke the one of that name
};

// What the API said, the secret in it.
[[nodiscard]] std::string make_token(const AgentClient& agent, const TokenRequest& wanted);

// By name or id.
[[nodiscard]] std::optional<Json> find_token(const AgentClient& agent, const std::string& which);

// "tauri://localhost, http://localhost:5173", or what there is without any.
[[nodiscard]] std::string origins_text(const Json& token);

}  // namespace stoker::cli
