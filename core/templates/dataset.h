// How much there is to learn in a file of examples, one JSON object a line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace stoker::templates {

struct DatasetSize {
  int64_t examples = 0;
  int64_t tokens = 0;  // of all examples, about
};

// Tokens that a tokenizer of today's models makes of a text, about: a word of ASCII letters is one for each 7 letters
// begun, a number one for each 2 digits, each other visible character of ASCII one where it differs from the one
// before, each newline one, spaces none; of other letters each 3 bytes (a Chinese character, a letter and a half of
// Cyrillic) are one.
[[nodiscard]] int64_t count_tokens(std::string_view text);

// Counts each "content" anywhere in an example, and 4 for each message around it. Blank lines are none. `name` stands
// for the file in errors: throws Error{invalid} for the first line that is no JSON object, and for a file without an
// example; cancelled or deadline by `wait`.
[[nodiscard]] DatasetSize measure_dataset(const std::filesystem::path& file, const std::string& name, Clock& clock,
                                          const Wait& wait);

}  // namespace stoker::templates
