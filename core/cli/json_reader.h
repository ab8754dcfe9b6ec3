// Reading what the API says. A missing or differently typed field reads as the fallback: the agent may be newer than
// the CLI.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::cli {

class Json {
 public:
  // Throws Error{internal} naming `source` when it is not JSON.
  [[nodiscard]] static Json parse(std::string_view text, const std::string& source);

  [[nodiscard]] Json operator[](std::string_view key) const;  // null when absent
  [[nodiscard]] std::vector<Json> items() const;              // of a list; empty for all else
  [[nodiscard]] std::vector<std::pair<std::string, Json>> members() const;
  [[nodiscard]] std::string text() const;  // "" when it is not text
  [[nodiscard]] std::optional<double> number() const;
  [[nodiscard]] std::optional<int64_t> integer() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] std::string dump() const;  // as compact JSON

 private:
  struct Document;
  struct Value;
  Json() = default;
  std::shared_ptr<const Document> document_;
  std::shared_ptr<const Value> value_;  // null pointer: JSON null
};

}  // namespace stoker::cli
