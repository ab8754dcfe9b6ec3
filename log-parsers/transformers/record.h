// A record as the Trainer prints it: the repr of a Python dict of numbers.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "number.h"

namespace stoker::transformers {

struct Item {
  std::string_view key;
  Number value;
};

// The numeric members of one dict; the keys point into the text it was read from. Members of other kinds are skipped.
struct Record {
  std::vector<Item> items;
  [[nodiscard]] const Item* find(std::string_view key) const noexcept;
};

// Reads the dict that begins with the '{' at `at` into `out` and returns the index behind its '}'; npos where no whole
// dict of string keys begins there. Reuses the memory of `out`.
std::size_t parse_record(std::string_view text, std::size_t at, Record& out);

}  // namespace stoker::transformers
