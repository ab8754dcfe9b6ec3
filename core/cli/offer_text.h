// Offers and accounts as people read them.
#pragma once

#include <optional>
#include <string>

#include "core/cli/command.h"
#include "core/cli/json_reader.h"

namespace stoker::cli {

// Of anything with `provider` and `account`: "lambda", or "lambda/team" for an account with an id of its own.
[[nodiscard]] std::string account_text(const Json& one);
[[nodiscard]] std::string gigabytes_text(std::optional<double> gb);  // "200 GB"; empty where it is not known
[[nodiscard]] std::string gpu_text(const Json& gpu);                 // "8x H100"; empty without one

// A line on stderr for each account that could not say what it has.
void note_failures(const Invocation& call, const Json& failures);

}  // namespace stoker::cli
