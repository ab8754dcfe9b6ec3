// The head of an HTTP/1.1 request, parsed strictly: what two parsers could read in two ways is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::api {

constexpr size_t kMaxHeadBytes = 16 * 1024;
constexpr size_t kMaxHeadFields = 64;
constexpr size_t kMaxTargetBytes = 8 * 1024;

struct Head {
  std::string method;
  std::string target;  // as sent: origin form, absolute form or "*"
  int minor = 1;       // HTTP/1.minor
  std::vector<std::pair<std::string, std::string>> fields;

  // The value of a field that was sent once; nullopt when absent. Names compare without case.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] size_t count(std::string_view name) const;
};

// Why a head is refused: 400, 414, 431 or 505.
struct HeadFault {
  int status = 0;
  std::string why;
};

struct HeadResult {
  Head head;
  std::optional<HeadFault> fault;
};

// How many bytes of `bytes` the head takes, its empty line included; 0 while it is incomplete. A bare line feed ends
// the head too, so that it is refused at once and not waited on.
[[nodiscard]] size_t head_size(std::string_view bytes);

[[nodiscard]] HeadResult parse_head(std::string_view bytes);

[[nodiscard]] bool same_word(std::string_view a, std::string_view b);  // without case, ASCII

}  // namespace stoker::api
