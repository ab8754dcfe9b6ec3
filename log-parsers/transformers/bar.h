// One frame of a tqdm progress bar.
#pragma once

#include <cstdint>
#include <string_view>

namespace stoker::transformers {

struct Bar {
  std::string_view title;  // what stands before the colon; empty for a bare bar
  std::int64_t n = 0, total = 0;
  double elapsed_s = -1;           // -1: not said
  double rate = -1;                // units a second; -1: not known yet
  std::string_view unit;           // "it", "examples"
  std::size_t begin = 0, end = 0;  // where it lies in the text
};

// Finds the first frame with a known total at or after `from`; false when there is none.
bool find_bar(std::string_view text, std::size_t from, Bar& out) noexcept;

// The scope of PROGRESS and the phase that a bar's title tells; empty: the title tells nothing.
struct BarKind {
  std::string_view scope, phase;
};
BarKind kind_of_title(std::string_view title) noexcept;

}  // namespace stoker::transformers
