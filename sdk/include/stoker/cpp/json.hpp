// Reading JSON: simdjson's tree, read with patience. What is absent or of another type reads as the fallback, because a
// cloud's answer has more fields tomorrow and fewer for a credential that may see less.
#pragma once

#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure.hpp"

namespace stoker {

// A value and the document it lies in; cheap to copy.
class Json {
 public:
  Json() = default;  // what an absent member reads as

  // Throws Failure{otherwise} naming `source` where it is not one JSON document. In create() that status is
  // STOKER_E_UNKNOWN_OUTCOME: nobody knows what an unreadable answer meant.
  static Json parse(std::string_view text, const std::string& source, stoker_status otherwise) {
    Json json;
    json.document_ = std::make_shared<simdjson::dom::parser>();
    simdjson::dom::element root;
    if (json.document_->parse(text.data(), text.size()).get(root) != simdjson::SUCCESS)
      throw Failure{otherwise, source + " answered with something that is not JSON"};
    json.value_ = root;
    return json;
  }

  [[nodiscard]] bool exists() const noexcept { return value_ && !value_->is_null(); }

  // Said to be none, which an absent member is not.
  [[nodiscard]] bool is_null() const noexcept { return value_ && value_->is_null(); }

  [[nodiscard]] Json operator[](std::string_view key) const {
    simdjson::dom::element member;
    if (!value_ || value_->at_key(key).get(member) != simdjson::SUCCESS) return {};
    return {document_, member};
  }

  // The items of a list; none of all else.
  [[nodiscard]] std::vector<Json> items() const {
    std::vector<Json> all;
    simdjson::dom::array list;
    if (!value_ || value_->get(list) != simdjson::SUCCESS) return all;
    for (const auto item : list) all.push_back({document_, item});
    return all;
  }
  // The values of an object in their order; none of all else.
  [[nodiscard]] std::vector<Json> values() const {
    std::vector<Json> all;
    simdjson::dom::object object;
    if (!value_ || value_->get(object) != simdjson::SUCCESS) return all;
    for (const auto member : object) all.push_back({document_, member.value});
    return all;
  }
  [[nodiscard]] bool is_list() const noexcept { return value_ && value_->is_array(); }
  [[nodiscard]] bool is_object() const noexcept { return value_ && value_->is_object(); }

  // A whole number reads as its digits: some clouds send ids as numbers.
  [[nodiscard]] std::string text() const {
    std::string_view text;
    std::int64_t number = 0;
    if (value_ && value_->get(text) == simdjson::SUCCESS) return std::string(text);
    if (value_ && value_->get(number) == simdjson::SUCCESS) return std::to_string(number);
    return {};
  }
  [[nodiscard]] std::optional<double> real() const {
    double number = 0;
    if (value_ && value_->get(number) == simdjson::SUCCESS) return number;
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t integer(std::int64_t otherwise = 0) const {
    std::int64_t number = 0;
    return value_ && value_->get(number) == simdjson::SUCCESS ? number : otherwise;
  }
  // A count or size: never negative, whatever the other side says.
  [[nodiscard]] std::uint64_t count() const {
    const std::int64_t number = integer();
    return number > 0 ? static_cast<std::uint64_t>(number) : 0;
  }
  [[nodiscard]] bool boolean(bool otherwise) const {
    bool flag = false;
    return value_ && value_->get(flag) == simdjson::SUCCESS ? flag : otherwise;
  }

 private:
  Json(std::shared_ptr<simdjson::dom::parser> document, simdjson::dom::element value)
      : document_(std::move(document)), value_(value) {}

  std::shared_ptr<simdjson::dom::parser> document_;
  std::optional<simdjson::dom::element> value_;
};

}  // namespace stoker
