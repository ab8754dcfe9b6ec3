// A fixed set of strings, looked for all at once.
#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace stoker::training_log {

class SignSet {
 public:
  // `signs` of at least two bytes each, borrowed. Their order is their rank.
  explicit SignSet(std::span<const std::string_view> signs);

  // The index of the first in order that occurs in `text`; -1: none does.
  [[nodiscard]] int first_in(std::string_view text) const noexcept;

 private:
  struct Anchored {  // by the pair of bytes that is rarest in logs
    std::uint16_t pair;
    std::uint16_t at;  // where in the sign that pair is
    int index;
  };

  std::span<const std::string_view> signs_;
  std::bitset<65536> pairs_;
  std::vector<Anchored> anchored_;  // sorted by pair, then index
};

}  // namespace stoker::training_log
