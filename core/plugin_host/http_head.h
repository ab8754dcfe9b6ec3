// The head of an answer, in the strict form of RFC 9112.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::plugin_host {

constexpr size_t kMaxHeadBytes = 64 << 10, kMaxHeadFields = 100;

struct HttpField {
  std::string name, value;
};

// The other side does not speak HTTP/1.1. what() ends a sentence and holds nothing that came from there, since a server
// may send back what it got.
struct BadAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct HttpHead {
  int status = 0;
  bool keeps_alive = false;  // what the version and Connection say
  std::vector<HttpField> fields;

  // The first of that name, whatever its case.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  // Whether one of the comma-separated words of all fields of that name is `word`.
  [[nodiscard]] bool has_word(std::string_view name, std::string_view word) const;
};

// How many bytes the head takes with its empty line; 0 while that has not arrived. Throws BadAnswer once it is too
// long.
[[nodiscard]] size_t head_size(std::string_view bytes);

// `bytes` end with the empty line. Throws BadAnswer.
[[nodiscard]] HttpHead parse_head(std::string_view bytes);

[[nodiscard]] bool same_name(std::string_view a, std::string_view b);  // but for the case
[[nodiscard]] bool is_token(std::string_view text);                    // of RFC 9110, not empty

}  // namespace stoker::plugin_host
