#include "core/templates/params.h"

#include <algorithm>

#include "core/error.h"
#include "core/nearest.h"

namespace stoker::templates {
namespace {

void check_names(const Template& of, simdjson::dom::object given) {
  std::vector<std::string_view> seen;
  for (const auto& [key, value] : given) {
    const std::string name(key), field = "params." + name;
    if (of.find(name) == nullptr) {
      const auto names = of.parameter_names();
      const std::string near = nearest(name, names);
      throw Error(Fault::invalid, field + ": " + of.id + " has no such parameter",
                  near.empty() ? "`stoker templates " + of.id + "` lists them" : "did you mean '" + near + "'?", field);
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end())
      throw Error(Fault::invalid, field + ": given twice", {}, field);
    seen.push_back(key);
  }
}

// As given, or the default whatever the others are.
Value plain_value(const Parameter& parameter, simdjson::dom::object given) {
  simdjson::dom::element value;
  if (given.at_key(parameter.name).get(value) != simdjson::SUCCESS) return parameter.otherwise;
  return read_value(parameter, value, "params." + parameter.name);
}

Value value_of(const Template& of, const Parameter& parameter, simdjson::dom::object given) {
  simdjson::dom::element value;
  if (given.at_key(parameter.name).get(value) == simdjson::SUCCESS) return plain_value(parameter, given);
  for (const Parameter::Exception& exception : parameter.exceptions)
    if (to_text(plain_value(*of.find(exception.parameter), given)) == exception.value) return exception.otherwise;
  return parameter.otherwise;
}

}  // namespace

Params::Params(const Template& of, simdjson::dom::object given) { read(of, given); }

Params::Params(const Template& of, std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::padded_string text(json.empty() ? "{}" : json);
  if (const auto error = parser.parse(text).get(root))
    throw Error(Fault::invalid, std::string("params: is not JSON: ") + simdjson::error_message(error), {}, "params");
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    throw Error(Fault::invalid, std::string("params: must be a map, not ") + type_name(root), {}, "params");
  read(of, object);
}

void Params::read(const Template& of, simdjson::dom::object given) {
  check_names(of, given);
  for (const Parameter& parameter : of.parameters) values_.emplace_back(parameter.name, value_of(of, parameter, given));
}

const Value* Params::find(std::string_view name) const {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& one) { return one.first == name; });
  return found == values_.end() ? nullptr : &found->second;
}

std::string Params::text(std::string_view name) const {
  const Value* value = find(name);
  return value == nullptr ? std::string() : to_text(*value);
}

double Params::number(std::string_view name, double otherwise) const {
  const Value* value = find(name);
  if (value == nullptr) return otherwise;
  if (const int64_t* whole = std::get_if<int64_t>(value)) return static_cast<double>(*whole);
  const double* number = std::get_if<double>(value);
  return number == nullptr ? otherwise : *number;
}

std::string Params::json() const {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : values_) write_value(json.key(name), value);
  return json.end_object().str();
}

}  // namespace stoker::templates
