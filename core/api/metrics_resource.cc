#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/api/job_json.h"
#include "core/api/resources.h"
#include "core/api/series.h"
#include "core/error.h"
#include "core/store/events.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

constexpr int kRowsAtOnce = 1000;
constexpr size_t kMaxNames = 256;

using SeriesByName = std::map<std::string, Series, std::less<>>;

std::vector<std::string> asked_names(const Target& target) {
  std::vector<std::string> names;
  const std::string text = target.text("names");
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    if (end > at) names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

double number_or_nan(simdjson::dom::element value) {
  double number = NAN;
  return value.get(number) == simdjson::SUCCESS ? number : NAN;
}

void add_values(const simdjson::dom::object& event, int64_t t_ms, const std::vector<std::string>& wanted,
                SeriesByName& series) {
  simdjson::dom::object values;
  if (event["values"].get(values) != simdjson::SUCCESS) return;
  simdjson::dom::element step_element;
  const double step = event["step"].get(step_element) == simdjson::SUCCESS ? number_or_nan(step_element) : NAN;
  for (const auto [key, value] : values) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), key) == wanted.end()) continue;
    auto it = series.find(key);
    if (it == series.end()) {
      if (series.size() == kMaxNames) continue;
      it = series.emplace(key, Series{}).first;
    }
    it->second.add({step, t_ms, number_or_nan(value)});
  }
}

SeriesByName collect(const ServerContext& context, const std::string& job_id, const std::vector<std::string>& wanted) {
  SeriesByName series;
  simdjson::dom::parser parser;
  for (int64_t after = 0;;) {
    const auto rows = context.db.read([&](store::Connection& connection) {
      return store::Events(connection).of_kinds(job_id, {"metric", "eval"}, after, kRowsAtOnce);
    });
    for (const store::EventRow& row : rows) {
      simdjson::dom::object event;
      if (parser.parse(row.data).get(event) == simdjson::SUCCESS) add_values(event, row.t_ms, wanted, series);
      after = row.seq;
    }
    if (rows.size() < static_cast<size_t>(kRowsAtOnce)) return series;
  }
}

}  // namespace

Reply get_metrics(const ServerContext& context, const Request& request) {
  const auto max_points =
      static_cast<size_t>(request.target.number("max_points", Series::kMaxPoints, 3, Series::kMaxPoints));
  const auto wanted = asked_names(request.target);
  const store::JobRow job = require_job(context, request);
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const auto& [name, series] : collect(context, job.id, wanted)) {
    json.begin_object().member("name", to_utf8(name)).key("points").begin_array();
    for (const Point& point : series.thinned(max_points))
      json.begin_object().member("step", point.step).member("t", point.t_ms).member("value", point.value).end_object();
    json.end_array().end_object();
  }
  Reply reply;
  reply.body = json.end_array().end_object().str();
  return reply;
}

}  // namespace stoker::api
