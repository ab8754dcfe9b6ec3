#include "core/spec_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/nearest.h"

namespace stoker {

using simdjson::dom::element;
using simdjson::dom::element_type;

namespace {

std::string shortest(double value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace

const char* type_name(element value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "a list";
    case element_type::OBJECT:
      return "a map";
    case element_type::STRING:
      return "text";
    case element_type::BOOL:
      return "true/false";
    case element_type::NULL_VALUE:
      return "nothing";
    default:
      return "a number";
  }
}

SpecReader::SpecReader(simdjson::dom::object object, std::string path, const std::vector<std::string>& known)
    : object_(object), path_(std::move(path)) {
  std::vector<std::string_view> seen;
  for (const auto& [key, value] : object_) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const std::string close = nearest(key, known);
      refuse(key, "unknown key", close.empty() ? "" : "did you mean '" + close + "'?");
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) refuse(key, "given twice");
    seen.push_back(key);
  }
}

std::optional<element> SpecReader::find(std::string_view key) const {
  element value;
  if (object_.at_key(key).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::string SpecReader::at(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void SpecReader::refuse(std::string_view key, const std::string& why, const std::string& hint) const {
  throw Error(Fault::invalid, at(key) + ": " + why, hint, at(key));
}

void SpecReader::wrong_type(std::string_view key, const char* wanted, element got) const {
  refuse(key, std::string("must be ") + wanted + ", not " + type_name(got));
}

std::string SpecReader::text(std::string_view key, std::string otherwise) const {
  const auto value = find(key);
  if (!value) return otherwise;
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) wrong_type(key, "text", *value);
  if (text.find('\0') != std::string_view::npos) refuse(key, "contains a NUL character");
  return std::string(text);
}

bool SpecReader::boolean(std::string_view key, bool otherwise) const {
  const auto value = find(key);
  bool flag = otherwise;
  if (value && value->get(flag) != simdjson::SUCCESS) wrong_type(key, "true or false", *value);
  return flag;
}

double SpecReader::amount(std::string_view key, double otherwise) const {
  const auto value = find(key);
  if (!value) return otherwise;
  double number = 0;
  if (value->get(number) != simdjson::SUCCESS) wrong_type(key, "a number", *value);
  if (!std::isfinite(number) || number < 0) refuse(key, "must not be negative");
  return number;
}

int64_t SpecReader::count(std::string_view key, int64_t otherwise) const {
  const auto value = find(key);
  if (!value) return otherwise;
  int64_t number = 0;
  if (value->get(number) != simdjson::SUCCESS) wrong_type(key, "a whole number", *value);
  if (number < 0) refuse(key, "must not be negative");
  return number;
}

std::vector<std::string> SpecReader::texts(std::string_view key) const {
  const auto value = find(key);
  if (!value) return {};
  if (value->is_string()) return {text(key)};
  simdjson::dom::array list;
  if (value->get(list) != simdjson::SUCCESS) wrong_type(key, "text or a list of texts", *value);
  std::vector<std::string> found;
  for (const element item : list) {
    std::string_view item_text;
    if (item.get(item_text) != simdjson::SUCCESS || item_text.find('\0') != std::string_view::npos)
      wrong_type(std::string(key) + "[" + std::to_string(found.size()) + "]", "text", item);
    found.emplace_back(item_text);
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> SpecReader::scalars(std::string_view key) const {
  const auto value = find(key);
  if (!value) return {};
  simdjson::dom::object map;
  if (value->get(map) != simdjson::SUCCESS) wrong_type(key, "a map of names to values", *value);
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, scalar] : map) {
    const std::string where = std::string(key) + "." + std::string(name);
    std::string_view as_text;
    int64_t as_int = 0;
    double as_real = 0;
    bool as_bool = false;
    if (scalar.get(as_text) == simdjson::SUCCESS) {
      if (as_text.find('\0') != std::string_view::npos) refuse(where, "contains a NUL character");
      found.emplace_back(name, as_text);
    } else if (scalar.get(as_int) == simdjson::SUCCESS) {
      found.emplace_back(name, std::to_string(as_int));
    } else if (scalar.get(as_real) == simdjson::SUCCESS) {
      found.emplace_back(name, shortest(as_real));
    } else if (scalar.get(as_bool) == simdjson::SUCCESS) {
      found.emplace_back(name, as_bool ? "true" : "false");
    } else {
      wrong_type(where, "text, a number or true/false", scalar);
    }
  }
  return found;
}

std::optional<SpecReader> SpecReader::object(std::string_view key, const std::vector<std::string>& known) const {
  const auto value = find(key);
  if (!value) return std::nullopt;
  simdjson::dom::object map;
  if (value->get(map) != simdjson::SUCCESS) wrong_type(key, "a map", *value);
  return SpecReader(map, at(key), known);
}

}  // namespace stoker
