#include "core/cli/json_reader.h"

#include <simdjson.h>

#include "core/error.h"

namespace stoker::cli {

struct Json::Document {
  simdjson::dom::parser parser;
};
struct Json::Value {
  simdjson::dom::element element;
};

Json Json::parse(std::string_view text, const std::string& source) {
  auto document = std::make_shared<Document>();
  simdjson::dom::element root;
  if (const auto fault = document->parser.parse(simdjson::padded_string(text)).get(root))
    throw Error(Fault::internal, source + " is not JSON: " + simdjson::error_message(fault));
  Json json;
  json.document_ = std::move(document);
  json.value_ = std::make_shared<Value>(Value{root});
  return json;
}

Json Json::operator[](std::string_view key) const {
  Json json;
  simdjson::dom::element element;
  if (!value_ || value_->element.at_key(key).get(element) != simdjson::SUCCESS) return json;
  json.document_ = document_;
  json.value_ = std::make_shared<Value>(Value{element});
  return json;
}

std::vector<Json> Json::items() const {
  std::vector<Json> result;
  simdjson::dom::array array;
  if (!value_ || value_->element.get(array) != simdjson::SUCCESS) return result;
  for (const auto element : array) {
    Json json;
    json.document_ = document_;
    json.value_ = std::make_shared<Value>(Value{element});
    result.push_back(std::move(json));
  }
  return result;
}

std::vector<std::pair<std::string, Json>> Json::members() const {
  std::vector<std::pair<std::string, Json>> result;
  simdjson::dom::object object;
  if (!value_ || value_->element.get(object) != simdjson::SUCCESS) return result;
  for (const auto field : object) result.emplace_back(std::string(field.key), (*this)[field.key]);
  return result;
}

std::string Json::text() const {
  std::string_view view;
  return value_ && value_->element.get(view) == simdjson::SUCCESS ? std::string(view) : std::string();
}

std::optional<double> Json::number() const {
  double value = 0;
  if (!value_ || value_->element.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<int64_t> Json::integer() const {
  int64_t value = 0;
  if (!value_ || value_->element.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

bool Json::boolean() const {
  bool value = false;
  return value_ && value_->element.get(value) == simdjson::SUCCESS && value;
}

bool Json::is_null() const { return !value_ || value_->element.is_null(); }

std::string Json::dump() const { return value_ ? simdjson::minify(value_->element) : "null"; }

}  // namespace stoker::cli
