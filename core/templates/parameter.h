// One thing that a template can be told: its type, what it may be, and the argument of the script that it becomes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/spec_reader.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::templates {

using Value = std::variant<bool, int64_t, double, std::string>;

enum class Type { boolean, integer, number, text };  // in the order of Value's alternatives
[[nodiscard]] const char* to_string(Type type);

struct Parameter {
  // Another default where another parameter has a certain value.
  struct Exception {
    std::string parameter, value;
    Value otherwise;
  };

  std::string name, help;
  std::string argument;  // "--epochs"; empty: the script is not told
  Type type = Type::text;
  Value otherwise;                   // the default
  std::optional<double> min, max;    // of integer and number, both included
  std::vector<std::string> choices;  // of text; empty: any
  std::vector<Exception> exceptions;
};

// From a manifest. Throws Error{invalid} for what is none, and for a default that the parameter itself would refuse.
[[nodiscard]] Parameter read_parameter(const SpecReader& in);

// What a person gave. Throws Error{invalid} with `field`.
[[nodiscard]] Value read_value(const Parameter& parameter, simdjson::dom::element given, const std::string& field);

// As an argument: "true", "3", "0.0002".
[[nodiscard]] std::string to_text(const Value& value);
void write_value(JsonWriter& json, const Value& value);

}  // namespace stoker::templates
