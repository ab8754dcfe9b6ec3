// What a template is told: a value for each of its parameters.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/templates/manifest.h"

namespace stoker::templates {

class Params {
 public:
  Params() = default;
  // `given` are some of the parameters, all others get their default. Throws Error{invalid} with the field
  // "params.<name>" for one that the template does not have, naming the nearest, and for a value that it may not have.
  Params(const Template& of, simdjson::dom::object given);
  // The same of JSON: an object, or empty for none.
  Params(const Template& of, std::string_view json);

  [[nodiscard]] const Value* find(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;  // "" where there is none
  [[nodiscard]] double number(std::string_view name, double otherwise) const;
  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& all() const { return values_; }
  // All of them, as an object.
  [[nodiscard]] std::string json() const;

 private:
  void read(const Template& of, simdjson::dom::object given);

  std::vector<std::pair<std::string, Value>> values_;  // in the order of the template
};

}  // namespace stoker::templates
