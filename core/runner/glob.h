// Patterns that choose files: `*` and `?` within a name, `**` for folders at any depth, a trailing '/' for all below.
// Hidden names are names like any other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stoker::runner {

[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);

// Patterns, each ended by NUL. Throws Failure{kExitUnsafePath} for one that is absolute or has a ".." component.
[[nodiscard]] std::vector<std::string> parse_patterns(std::string_view bytes);

}  // namespace stoker::runner
