#include "core/templates/parameter.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/nearest.h"

namespace stoker::templates {
namespace {

constexpr size_t kMaxText = 256;
constexpr double kMaxWhole = 9'007'199'254'740'992;  // a double holds every whole number up to here

constexpr const char* kTypes[] = {"boolean", "integer", "number", "text"};

std::string shortest(double value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// "lora, qlora or full"
std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

[[noreturn]] void refuse(const std::string& field, const std::string& why, const std::string& hint = {}) {
  throw Error(Fault::invalid, field + ": " + why, hint, field);
}

[[noreturn]] void wrong_type(const std::string& field, const char* wanted, simdjson::dom::element got) {
  refuse(field, std::string("must be ") + wanted + ", not " + type_name(got),
         got.is_null() ? "leave the key out for the default" : "");
}

void check_range(const Parameter& parameter, double number, const std::string& text, const std::string& field) {
  const auto &min = parameter.min, &max = parameter.max;
  if ((!min || number >= *min) && (!max || number <= *max)) return;
  const std::string range = min && max ? "from " + shortest(*min) + " to " + shortest(*max)
                            : min      ? "at least " + shortest(*min)
                                       : "at most " + shortest(*max);
  refuse(field, "must be " + range + ", not " + text);
}

int64_t read_whole(const Parameter& parameter, simdjson::dom::element given, const std::string& field) {
  int64_t whole = 0;
  double real = 0;
  if (given.get(whole) != simdjson::SUCCESS) {
    if (given.get(real) != simdjson::SUCCESS) wrong_type(field, "a whole number", given);
    if (real != std::floor(real)) refuse(field, "must be a whole number, not " + shortest(real));
    if (std::fabs(real) > kMaxWhole) check_range(parameter, real, shortest(real), field);
    whole = static_cast<int64_t>(std::clamp(real, -kMaxWhole, kMaxWhole));
  }
  check_range(parameter, static_cast<double>(whole), std::to_string(whole), field);
  return whole;
}

std::string read_text(const Parameter& parameter, simdjson::dom::element given, const std::string& field) {
  std::string_view text;
  if (given.get(text) != simdjson::SUCCESS) wrong_type(field, "text", given);
  const auto& choices = parameter.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    const std::string near = nearest(text, choices);
    refuse(field, "must be " + list_of(choices) + ", not '" + std::string(text.substr(0, kMaxText)) + "'",
           near.empty() ? "" : "did you mean '" + near + "'?");
  }
  if (text.empty()) refuse(field, "must not be empty");
  if (text.size() > kMaxText) refuse(field, "is longer than 256 bytes");
  // Each argument is a line of the file that the script reads them from.
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    refuse(field, "contains a control character");
  return std::string(text);
}

Type read_type(const SpecReader& in) {
  const std::string name = in.text("type");
  for (size_t i = 0; i < std::size(kTypes); ++i)
    if (name == kTypes[i]) return static_cast<Type>(i);
  in.refuse("type", "must be boolean, integer, number or text");
}

std::optional<double> read_bound(const SpecReader& in, const char* key) {
  const auto value = in.find(key);
  if (!value) return std::nullopt;
  double bound = 0;
  if (value->get(bound) != simdjson::SUCCESS) in.wrong_type(key, "a number", *value);
  return bound;
}

// "exceptions": {"method=full": 0.00001}
std::vector<Parameter::Exception> read_exceptions(const SpecReader& in, const Parameter& parameter) {
  std::vector<Parameter::Exception> exceptions;
  simdjson::dom::object map;
  const auto value = in.find("exceptions");
  if (!value) return exceptions;
  if (value->get(map) != simdjson::SUCCESS) in.wrong_type("exceptions", "a map", *value);
  for (const auto& [when, otherwise] : map) {
    const size_t equals = when.find('=');
    if (equals == std::string_view::npos) in.refuse("exceptions", "a key must be PARAMETER=VALUE");
    exceptions.push_back({std::string(when.substr(0, equals)), std::string(when.substr(equals + 1)),
                          read_value(parameter, otherwise, in.at("exceptions"))});
  }
  return exceptions;
}

}  // namespace

const char* to_string(Type type) { return kTypes[static_cast<size_t>(type)]; }

Parameter read_parameter(const SpecReader& in) {
  Parameter out;
  out.name = in.text("name");
  if (out.name.empty()) in.refuse("name", "is missing");
  out.help = in.text("help");
  out.argument = in.text("argument");
  out.type = read_type(in);
  out.min = read_bound(in, "min");
  out.max = read_bound(in, "max");
  out.choices = in.texts("choices");
  const auto otherwise = in.find("default");
  if (!otherwise) in.refuse("default", "is missing");
  out.otherwise = read_value(out, *otherwise, in.at("default"));
  out.exceptions = read_exceptions(in, out);
  return out;
}

Value read_value(const Parameter& parameter, simdjson::dom::element given, const std::string& field) {
  switch (parameter.type) {
    case Type::boolean: {
      bool flag = false;
      if (given.get(flag) != simdjson::SUCCESS) wrong_type(field, "true or false", given);
      return flag;
    }
    case Type::integer:
      return read_whole(parameter, given, field);
    case Type::number: {
      double number = 0;
      if (given.get(number) != simdjson::SUCCESS) wrong_type(field, "a number", given);
      check_range(parameter, number, shortest(number), field);
      return number;
    }
    case Type::text:
      break;
  }
  return read_text(parameter, given, field);
}

std::string to_text(const Value& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const int64_t* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const double* number = std::get_if<double>(&value)) return shortest(*number);
  return std::get<std::string>(value);
}

void write_value(JsonWriter& json, const Value& value) {
  if (const bool* flag = std::get_if<bool>(&value))
    json.boolean(*flag);
  else if (const int64_t* whole = std::get_if<int64_t>(&value))
    json.integer(*whole);
  else if (const double* number = std::get_if<double>(&value))
    json.real(*number);
  else
    json.text(std::get<std::string>(value));
}

}  // namespace stoker::templates
