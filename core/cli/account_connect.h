// Connecting a cloud account, and giving one another credential.
#pragma once

#include "core/cli/command.h"

namespace stoker::cli {

// Each takes the options of `stoker accounts`, asks at the terminal for what they leave open, and returns the exit
// code.
int connect_account(Invocation& call, const std::string& provider);
int change_account(Invocation& call, const std::string& id);

// "Team (team-1), balance $12.00": who it is at the cloud; empty where the cloud does not say.
[[nodiscard]] std::string cloud_account_text(const Json& account);

}  // namespace stoker::cli
