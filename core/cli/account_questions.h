// The guided set-up at a terminal.
#pragma once

#include "core/cli/account_request.h"
#include "core/cli/account_setup.h"
#include "core/cli/terminal.h"

namespace stoker::cli {

// Asks until what is typed will do. Left empty, a field that has a default or is not required stays out of the request.
void ask_field(const Terminal& terminal, const SetupField& field, AccountRequest& request);

}  // namespace stoker::cli
