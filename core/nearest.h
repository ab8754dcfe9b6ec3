// "Did you mean": the known word closest to one that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stoker {

// The closest of `known` by edits (insert, delete, replace, swap of neighbours; letters compared without case), or
// empty when none is within a third of the word's length. The first in order wins a tie.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace stoker
