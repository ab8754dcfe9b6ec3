// What the user set up: the description of the fields, and a typed view of their values.
#pragma once

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "../plugin.h"
#include "failure.hpp"

namespace stoker {

struct Choice {
  std::string_view value, label;
};

// One row of guided set-up; constant data.
struct ConfigField {
  std::string_view key, label;
  std::int32_t kind = STOKER_FIELD_TEXT;  // STOKER_FIELD_...
  std::uint32_t flags = 0;                // STOKER_FIELD_REQUIRED ...
  std::string_view help = {}, default_value = {}, example = {}, docs_url = {}, group = {};
  std::span<const Choice> choices = {};
};

// Facts of one provider or parser; constant data, see stoker_descriptor.
struct Descriptor {
  const char *id = "", *name = "", *summary = "", *url = "";
  std::uint64_t capabilities = 0;
  std::int32_t power_off = STOKER_POWER_OFF_UNKNOWN;
  const char* const* allowed_hosts = nullptr;
  std::int64_t settle_ms = 0, min_create_interval_ms = 0, request_interval_ms = 0;
  std::uint32_t request_burst = 0;
  const char* const* permissions = nullptr;

  [[nodiscard]] constexpr stoker_descriptor to_c() const noexcept {
    return {sizeof(stoker_descriptor),
            power_off,
            capabilities,
            id,
            name,
            summary,
            url,
            allowed_hosts,
            permissions,
            settle_ms,
            min_create_interval_ms,
            request_interval_ms,
            request_burst,
            0};
  }
};

// The values given to make() or open(). Borrowed: copy what is kept.
class Config {
 public:
  Config(const stoker_field* fields, std::size_t count) noexcept : fields_(fields, fields == nullptr ? 0 : count) {}

  [[nodiscard]] bool has(std::string_view key) const noexcept { return find(key) != nullptr; }

  // Numbers and yes or no come as their text. Below, an empty text counts as not set.
  [[nodiscard]] std::string text(std::string_view key, std::string_view otherwise = {}) const {
    const stoker_value* value = find(key);
    if (value == nullptr) return std::string(otherwise);
    switch (value->type) {
      case STOKER_TEXT:
        return std::string(view(value->as.s));
      case STOKER_INT:
        return std::to_string(value->as.i);
      case STOKER_REAL:
        return std::to_string(value->as.r);
      case STOKER_BOOL:
        return value->as.i != 0 ? "true" : "false";
      default:
        throw Failure{STOKER_E_INVALID, std::string(key) + " has a value of an unknown type"}.blame(std::string(key));
    }
  }

  [[nodiscard]] std::string required(std::string_view key) const {
    std::string value = text(key);
    if (value.empty()) throw Failure{STOKER_E_INVALID, std::string(key) + " is not set"}.blame(std::string(key));
    return value;
  }

  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t otherwise) const {
    return number<std::int64_t>(key, otherwise, STOKER_INT, "a whole number");
  }
  [[nodiscard]] double real(std::string_view key, double otherwise) const {
    const stoker_value* value = find(key);
    if (value != nullptr && value->type == STOKER_INT) return static_cast<double>(value->as.i);
    return number<double>(key, otherwise, STOKER_REAL, "a number");
  }
  [[nodiscard]] bool boolean(std::string_view key, bool otherwise) const {
    const stoker_value* value = find(key);
    if (value == nullptr) return otherwise;
    if (value->type == STOKER_BOOL || value->type == STOKER_INT) return value->as.i != 0;
    const std::string word = text(key);
    if (word.empty()) return otherwise;
    if (word == "true" || word == "yes") return true;
    if (word == "false" || word == "no") return false;
    throw Failure{STOKER_E_INVALID, std::string(key) + " is not true or false"}.blame(std::string(key));
  }

 private:
  [[nodiscard]] const stoker_value* find(std::string_view key) const noexcept {
    for (const auto& field : fields_) {
      if (view(field.key) == key) return &field.value;
    }
    return nullptr;
  }

  template <class T>
  [[nodiscard]] T number(std::string_view key, T otherwise, std::int32_t type, const char* what) const {
    const stoker_value* value = find(key);
    if (value == nullptr) return otherwise;
    if constexpr (std::integral<T>) {
      if (value->type == type) return value->as.i;
    } else {
      if (value->type == type) return value->as.r;
    }
    const std::string word = text(key);
    if (word.empty()) return otherwise;
    T parsed{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), parsed);
    if (error != std::errc{} || end != word.data() + word.size()) {
      throw Failure{STOKER_E_INVALID, std::string(key) + " is not " + what}.blame(std::string(key));
    }
    return parsed;
  }

  std::span<const stoker_field> fields_;
};

namespace detail {

inline void emit_schema(std::span<const ConfigField> schema, const stoker_config_sink& sink) noexcept {
  std::int32_t order = 0;
  for (const auto& row : schema) {
    auto field = sized<stoker_config_field>();
    field.kind = row.kind;
    field.flags = row.flags;
    field.order = order++;
    field.key = str(row.key);
    field.label = str(row.label);
    field.help = str(row.help);
    field.default_value = str(row.default_value);
    field.example = str(row.example);
    field.docs_url = str(row.docs_url);
    field.group = str(row.group);
    sink.field(sink.user, &field);
    for (const auto& choice : row.choices) sink.choice(sink.user, str(row.key), str(choice.value), str(choice.label));
  }
}

}  // namespace detail
}  // namespace stoker
