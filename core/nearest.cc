#include "core/nearest.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace stoker {
namespace {

// Longer words are nobody's typing error; the bound keeps the quadratic cost of foreign input small.
constexpr size_t kLongestWord = 256;

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// Optimal string alignment: Levenshtein with swaps of neighbours, in three rows.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongestWord) return {};
  size_t best = std::max<size_t>(1, (word.size() + 1) / 3) + 1;
  std::string found;
  for (const std::string& candidate : known) {
    const size_t gap = std::max(candidate.size(), word.size()) - std::min(candidate.size(), word.size());
    if (candidate.empty() || gap >= best) continue;
    const size_t edits = distance(word, candidate);
    // A word replaced letter by letter is another word, not a typing error.
    if (edits >= best || edits >= std::max(candidate.size(), word.size())) continue;
    best = edits;
    found = candidate;
  }
  return found;
}

}  // namespace stoker
