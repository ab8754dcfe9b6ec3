// Words for the remote user's shell.
#pragma once

#include <string>
#include <string_view>

namespace stoker::remote {

// In single quotes: one word, taken literally by every POSIX shell. Throws invalid for a NUL, which no word can hold.
[[nodiscard]] std::string shell_quote(std::string_view word);

}  // namespace stoker::remote
