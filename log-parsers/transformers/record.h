// A record as the Trainer prints it: the repr of a Python dict of numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "number.h"

namespace stoker::transformers {

struct Item {
  std::string_view key;
  Number value;
};

// The numeric members of one dict; the keys point into the text it was read from. Members of other kinds are skipped.
//
// Records of one training have the same keys in the same order. What stood before each value is remembered, and where
// it stands there again only the numbers are read.
class Record {
 public:
  std::vector<Item> items;
  [[nodiscard]] const Item* find(std::string_view key) const noexcept;

  // Reads the dict that begins with the '{' at `at` and returns the index behind its '}'; npos where no whole dict of
  // string keys begins there. Reuses its memory.
  std::size_t parse(std::string_view text, std::size_t at);

 private:
  struct Lead {
    std::uint16_t begin, end, key_begin, key_end;  // in leads_
  };
  std::size_t parse_like_last(std::string_view text, std::size_t at) noexcept;
  std::size_t parse_any(std::string_view text, std::size_t at);
  bool learn(std::string_view lead, std::string_view key);

  std::string leads_;  // what stands before each value, its key included
  std::vector<Lead> shape_;
  bool known_ = false;  // the last record had plain numbers alone, and shape_ is its own
};

}  // namespace stoker::transformers
