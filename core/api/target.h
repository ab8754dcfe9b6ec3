// The path and the query of a request target, percent-decoded and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::api {

struct Target {
  std::vector<std::string> path;  // the parts between slashes; "/" has none
  std::vector<std::pair<std::string, std::string>> query;

  [[nodiscard]] const std::string* find(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key, std::string otherwise = {}) const;
  // A whole number within [low, high]. Throws invalid naming the key.
  [[nodiscard]] int64_t number(std::string_view key, int64_t otherwise, int64_t low, int64_t high) const;
  [[nodiscard]] bool flag(std::string_view key) const;  // true or false; absent: false
};

// The origin form "/a/b?c=d". Throws invalid for what is no such thing: a bad percent sequence, NUL, "." and ".."
// parts, a key given twice.
[[nodiscard]] Target parse_target(std::string_view target);

// Digits only, within int64. nullopt for anything else.
[[nodiscard]] std::optional<int64_t> parse_count(std::string_view text);

}  // namespace stoker::api
