// A profile's `credential_process`: a program of the user's that prints a key. It covers single sign-on, assumed roles
// and password managers, so that none of them need be spoken here.
#pragma once

#include <stoker/cpp/call.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::aws {

// The words of a command line: spaces separate, quotes and backslashes keep together. No shell has a part in it.
[[nodiscard]] std::vector<std::string> command_words(std::string_view line);

// What the program prints. Throws Failure{STOKER_E_AUTH} where it can not be started, fails, says too much or does not
// end within a minute; what it said is in no message, for it may be a secret.
[[nodiscard]] std::string run_credential_process(Call& call, const std::string& line);

}  // namespace stoker::aws
