// /models of OpenAI's API: what can be trained, and what was.
#include <algorithm>

#include "core/api/openai/commission.h"
#include "core/api/openai/openai.h"
#include "core/api/problem.h"
#include "core/jobs/pipeline.h"
#include "core/nearest.h"
#include "core/store/fine_tunes.h"
#include "core/utf8.h"

namespace stoker::api::openai {
namespace {

struct Model {
  std::string id, owner;
  int64_t created_s = 0;
};

std::vector<Model> models(const ServerContext& context, const Request& request) {
  std::vector<Model> list;
  const auto trained = context.db.read([](store::Connection& c) { return store::FineTunes(c).succeeded(); });
  for (const store::FineTuneRow& row : trained)
    if (request.caller.may_see(row.owner)) list.push_back({row.fine_tuned_model, row.owner, row.created_ms / 1000});
  for (const std::string& name : base_models(context.pipeline.templates)) list.push_back({name, "base", 0});
  return list;
}

void write_model(JsonWriter& json, const Model& model) {
  json.begin_object()
      .member("id", model.id)
      .member("object", "model")
      .member("created", model.created_s)
      .member("owned_by", to_utf8(model.owner))
      .end_object();
}

}  // namespace

Reply list_models(const ServerContext& context, const Request& request) {
  JsonWriter json;
  json.begin_object().member("object", "list").key("data").begin_array();
  for (const Model& model : models(context, request)) write_model(json, model);
  json.end_array().end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

Reply get_model(const ServerContext& context, const Request& request) {
  const std::string& id = request.parameters.at(0);
  const std::vector<Model> list = models(context, request);
  const auto found = std::find_if(list.begin(), list.end(), [&](const Model& model) { return model.id == id; });
  if (found == list.end()) {
    std::vector<std::string> names;
    for (const Model& model : list) names.push_back(model.id);
    const std::string close = nearest(id, names);
    throw Refused(404, "model_not_found", "there is no model " + to_utf8(id),
                  close.empty() ? "GET /models lists them" : "did you mean " + close + "?", "model");
  }
  JsonWriter json;
  write_model(json, *found);
  Reply reply;
  reply.body = json.str();
  return reply;
}

}  // namespace stoker::api::openai
