#include "core/api/resources.h"
#include "core/api/template_json.h"
#include "core/jobs/pipeline.h"

namespace stoker::api {

Reply list_templates(const ServerContext& context, const Request&) {
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const templates::Template& one : context.pipeline.templates.all()) write_template(json, one);
  Reply reply;
  reply.body = json.end_array().end_object().str();
  return reply;
}

Reply get_template(const ServerContext& context, const Request& request) {
  JsonWriter json;
  write_template(json, context.pipeline.templates.find(request.parameters.at(0)));
  Reply reply;
  reply.body = json.str();
  return reply;
}

}  // namespace stoker::api
