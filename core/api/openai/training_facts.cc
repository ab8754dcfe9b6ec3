#include "core/api/openai/training_facts.h"

#include <simdjson.h>

#include "core/store/events.h"

namespace stoker::api::openai {
namespace {

// A log's whole numbers may be written as others are.
template <typename T>
void take(std::optional<T>& to, simdjson::simdjson_result<simdjson::dom::element> from) {
  double value = 0;
  if (!to && from.get(value) == simdjson::SUCCESS) to = static_cast<T>(value);
}

}  // namespace

TrainingFacts facts_of(store::Connection& connection, const std::string& job_id) {
  constexpr int kNewest = 8;  // beside the training's bar there are others
  const store::Events events(connection);
  simdjson::dom::parser parser;
  TrainingFacts facts;
  for (const store::EventRow& row : events.newest(job_id, {"progress"}, INT64_MAX, kNewest)) {
    const simdjson::dom::object data = parser.parse(row.data);
    std::string_view scope;
    if (data["scope"].get(scope) != simdjson::SUCCESS || scope != "train") continue;
    take(facts.step, data["n"]);
    take(facts.total_steps, data["total"]);
    take(facts.epoch, data["epoch"]);
    take(facts.percent, data["percent"]);
    double left = 0;
    if (data["eta_s"].get(left) == simdjson::SUCCESS) facts.end_ms = row.t_ms + static_cast<int64_t>(left * 1000);
    break;
  }
  for (const store::EventRow& row : events.newest(job_id, {"metric"}, INT64_MAX, 1)) {
    const simdjson::dom::object data = parser.parse(row.data);
    std::optional<int64_t> step;
    take(step, data["step"]);
    if (step && (!facts.step || *step > *facts.step)) facts.step = step;
    take(facts.epoch, data["epoch"]);
    take(facts.train_loss, data["values"]["train_loss"]);
  }
  for (const store::EventRow& row : events.newest(job_id, {"run"}, INT64_MAX, 1))
    take(facts.total_steps, parser.parse(row.data)["total_steps"]);
  for (const store::EventRow& row : events.newest(job_id, {"diagnosis"}, INT64_MAX, kNewest)) {
    const simdjson::dom::object data = parser.parse(row.data);
    bool terminal = false;
    std::string_view kind;
    if (data["terminal"].get(terminal) != simdjson::SUCCESS || !terminal) continue;
    if (data["kind"].get(kind) == simdjson::SUCCESS) facts.diagnosis = kind;
    break;
  }
  return facts;
}

}  // namespace stoker::api::openai
