// What OpenAI's clients send to have a model trained.
#include "core/api/openai/fine_tune.h"
#include "core/api/openai/request_reader.h"
#include "core/error.h"

namespace stoker::api::openai {
namespace {

const std::vector<std::string> kOpenaiKeys = {"model",        "training_file", "validation_file", "suffix",
                                              "seed",         "metadata",      "hyperparameters", "method",
                                              "integrations", "x_stoker",      "x_learning_rate"};

void read_method(const SpecReader& in, FineTune& it) {
  const auto method = in.object("method", {"type", "supervised", "dpo", "reinforcement"});
  if (!method) return;
  const std::string type = method->text("type");
  if (type == "reinforcement")
    throw Error(Fault::unsupported, "method.type: reinforcement fine-tuning is not supported", "use supervised or dpo",
                "method.type");
  if (type != "supervised" && type != "dpo")
    method->refuse("type", "`" + type + "` is not a method", "use supervised or dpo");
  it.dpo = type == "dpo";
  if (const auto part = method->object(type, {"hyperparameters"})) read_hyperparameters(*part, it);
}

void refuse_integrations(const SpecReader& in) {
  const auto value = in.find("integrations");
  if (!value || value->is_null()) return;
  simdjson::dom::array list;
  if (value->get(list) != simdjson::SUCCESS) in.wrong_type("integrations", "a list", *value);
  if (list.size() > 0)
    throw Error(Fault::unsupported, "integrations are not supported",
                "follow the events of the job, or GET /v1/jobs/{id}/metrics", "integrations");
}

}  // namespace

FineTune read_openai_request(std::string_view body) {
  simdjson::dom::parser parser;
  const SpecReader in(parse_object(parser, body), {}, kOpenaiKeys);
  FineTune it;
  read_common(in, it);
  // `method` wins over the older `hyperparameters`.
  read_hyperparameters(in, it);
  read_method(in, it);
  refuse_integrations(in);
  if (const auto rate = in.find("x_learning_rate"); rate && !rate->is_null())
    it.learning_rate = positive(in, "x_learning_rate", *rate);
  return it;
}

}  // namespace stoker::api::openai
