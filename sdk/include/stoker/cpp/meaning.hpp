// What a cloud's own error codes mean to the agent, as a table.
#pragma once

#include <cstddef>
#include <string_view>

#include "../base.h"

namespace stoker {

struct Meaning {
  std::string_view code;
  stoker_status status;
  const char* hint = "";
  const char* field = "";  // the set-up field or the key of the job to blame
};

// The row of this code; null where there is none.
template <std::size_t N>
constexpr const Meaning* meaning_of(const Meaning (&table)[N], std::string_view code) noexcept {
  for (const Meaning& one : table)
    if (one.code == code) return &one;
  return nullptr;
}

// The first row whose code stands within the text, for clouds that say it in words.
template <std::size_t N>
constexpr const Meaning* meaning_within(const Meaning (&table)[N], std::string_view text) noexcept {
  for (const Meaning& one : table)
    if (text.find(one.code) != std::string_view::npos) return &one;
  return nullptr;
}

}  // namespace stoker
