#include "core/training_log/sign_set.h"

#include <algorithm>
#include <tuple>

namespace stoker::training_log {
namespace {

std::uint16_t pair_at(std::string_view text, size_t i) noexcept {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(text[i]) << 8 | static_cast<unsigned char>(text[i + 1]));
}

// How rare a byte is in what trainings print: capitals and brackets more than digits, digits more than small letters.
int rarity(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return 3;
  if (c == ' ' || c == '.' || c == ':' || c == '/') return 0;
  if (c >= 'a' && c <= 'z') return 1;
  return 2;
}

}  // namespace

SignSet::SignSet(std::span<const std::string_view> signs) : signs_(signs) {
  for (size_t index = 0; index < signs.size(); ++index) {
    const std::string_view sign = signs[index];
    size_t best = 0;
    for (size_t i = 1; i + 1 < sign.size(); ++i)
      if (rarity(sign[i]) + rarity(sign[i + 1]) > rarity(sign[best]) + rarity(sign[best + 1])) best = i;
    anchored_.push_back({pair_at(sign, best), static_cast<std::uint16_t>(best), static_cast<int>(index)});
    pairs_.set(anchored_.back().pair);
  }
  std::sort(anchored_.begin(), anchored_.end(),
            [](const Anchored& a, const Anchored& b) { return std::tie(a.pair, a.index) < std::tie(b.pair, b.index); });
}

int SignSet::first_in(std::string_view text) const noexcept {
  int first = -1;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const std::uint16_t pair = pair_at(text, i);
    if (!pairs_.test(pair)) continue;
    auto it = std::lower_bound(anchored_.begin(), anchored_.end(), pair,
                               [](const Anchored& a, std::uint16_t wanted) { return a.pair < wanted; });
    for (; it != anchored_.end() && it->pair == pair && (first < 0 || it->index < first); ++it)
      if (i >= it->at && text.substr(i - it->at).starts_with(signs_[static_cast<size_t>(it->index)])) first = it->index;
  }
  return first;
}

}  // namespace stoker::training_log
