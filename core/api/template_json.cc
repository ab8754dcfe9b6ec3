#include "core/api/template_json.h"

namespace stoker::api {
namespace {

using templates::Parameter;
using templates::write_value;

void write_bound(JsonWriter& json, const char* name, const Parameter& parameter, const std::optional<double>& bound) {
  json.key(name);
  if (!bound)
    json.null();
  else if (parameter.type == templates::Type::integer)
    json.integer(static_cast<int64_t>(*bound));
  else
    json.real(*bound);
}

void write_parameter(JsonWriter& json, const Parameter& parameter) {
  json.begin_object().member("name", parameter.name).member("type", to_string(parameter.type));
  write_value(json.key("default"), parameter.otherwise);
  json.key("exceptions").begin_array();
  for (const Parameter::Exception& exception : parameter.exceptions) {
    json.begin_object().member("parameter", exception.parameter).member("value", exception.value);
    write_value(json.key("default"), exception.otherwise);
    json.end_object();
  }
  json.end_array();
  write_bound(json, "min", parameter, parameter.min);
  write_bound(json, "max", parameter, parameter.max);
  json.key("choices").begin_array();
  for (const std::string& choice : parameter.choices) json.text(choice);
  json.end_array().member("help", parameter.help).member("argument", parameter.argument).end_object();
}

void write_texts(JsonWriter& json, const char* name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

}  // namespace

void write_template(JsonWriter& json, const templates::Template& one) {
  json.begin_object()
      .member("id", one.id)
      .member("title", one.title)
      .member("summary", one.summary)
      .member("task", one.task)
      .member("ran_on", one.ran_on)
      .member("needs_gpu", one.gpu_memory.has_value())
      .member("can_serve", !one.serve.empty())
      .member("log_parser", one.log_parser)
      .member("checkpoints", one.checkpoints);
  write_texts(json, "packages", one.packages);
  write_texts(json, "outputs", one.outputs);
  json.key("data").begin_array();
  for (const templates::DataFile& file : one.data)
    json.begin_object().member("to", file.to).member("required", file.required).member("help", file.help).end_object();
  json.end_array().key("parameters").begin_array();
  for (const Parameter& parameter : one.parameters) write_parameter(json, parameter);
  json.end_array().end_object();
}

}  // namespace stoker::api
