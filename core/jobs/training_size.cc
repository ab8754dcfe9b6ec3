#include "core/jobs/training_size.h"

#include <simdjson.h>

#include <algorithm>

#include "core/error.h"
#include "core/jobs/inputs.h"
#include "core/store/events.h"
#include "core/store/instances.h"
#include "core/store/jobs.h"
#include "core/templates/dataset.h"

namespace stoker::jobs {
namespace {

constexpr int64_t kCountMs = 10 * kSecond;
constexpr int kEarlierJobs = 20, kMaxEvents = 1000;

struct Pace {
  double step_s = 0, other_hours = 0;  // other: machine, set-up, files
  std::string machine;
};

// What an event of the kind says under the key, the last that says it; 0: none does.
double number_in(const std::vector<store::EventRow>& events, std::string_view kind, std::string_view key) {
  double found = 0;
  simdjson::dom::parser parser;
  for (const store::EventRow& event : events) {
    double number = 0;
    if (event.kind == kind && parser.parse(event.data)[key].get(number) == simdjson::SUCCESS && number > 0)
      found = number;
  }
  return found;
}

std::string param(const JobSpec& spec, std::string_view name) {
  simdjson::dom::parser parser;
  std::string_view text;
  return parser.parse(spec.from_template->params)[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

bool is_alike(const JobSpec& one, const JobSpec& other) {
  return one.from_template && one.from_template->id == other.from_template->id &&
         param(one, "model") == param(other, "model") && param(one, "method") == param(other, "method");
}

std::optional<Pace> pace_of(store::Connection& connection, const store::JobRow& job) {
  const auto events = store::Events(connection).of_kinds(job.id, {"run", "summary"}, 0, kMaxEvents);
  const double steps = number_in(events, "run", "total_steps"), runtime_s = number_in(events, "summary", "runtime_s");
  if (steps <= 0 || runtime_s <= 0) return std::nullopt;
  Pace pace{runtime_s / steps, 0, {}};
  for (const store::InstanceRow& row : store::Instances(connection).of_job(job.id)) {
    if (row.id != job.instance_id) continue;
    const int64_t end = row.gone_ms > 0 ? row.gone_ms : job.ended_ms;
    pace.machine = row.machine;
    if (row.billed_from_ms > 0)
      pace.other_hours = std::max(0.0, (static_cast<double>(end - row.billed_from_ms) / kSecond - runtime_s) / 3600);
  }
  return pace;
}

// The input that holds the file of examples, and where it lies.
std::optional<std::pair<size_t, std::filesystem::path>> find_data(const PipelineContext& ctx, const JobSpec& spec) {
  const std::string file = ctx.templates.find(spec.from_template->id).data.front().to;
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    const std::string& to = spec.inputs[i].to;
    if (to == file) return std::pair(i, path_of(ctx, spec.inputs[i]));
    if (file.starts_with(to + "/")) return std::pair(i, path_of(ctx, spec.inputs[i]) / file.substr(to.size() + 1));
  }
  return std::nullopt;
}

}  // namespace

std::optional<TrainingSize> measure_training(const PipelineContext& ctx, const JobSpec& spec, const Wait& wait) {
  const auto data = find_data(ctx, spec);
  if (!data) return std::nullopt;
  const std::string field = "inputs[" + std::to_string(data->first) + "].from";
  const templates::Params params(ctx.templates.find(spec.from_template->id), spec.from_template->params);
  try {
    const auto size = templates::measure_dataset(data->second, spec.inputs[data->first].from, ctx.clock,
                                                 wait.until(ctx.clock.mono_ms() + kCountMs));
    TrainingSize out{size.examples, size.tokens, templates::steps_of(params, size.examples), 0};
    const double seen = std::min(static_cast<double>(out.steps) * params.number("batch_size", 1),
                                 static_cast<double>(size.examples) * params.number("epochs", 1));
    out.trained_tokens =
        static_cast<int64_t>(static_cast<double>(size.tokens) * seen / static_cast<double>(size.examples));
    return out;
  } catch (Error& error) {
    if (error.fault == Fault::deadline) return std::nullopt;
    if (error.fault == Fault::not_found) error.fault = Fault::invalid;
    throw Error(error.fault, field + ": " + error.what(), error.hint, field);
  }
}

StepHistory hours_of_steps(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner, int64_t steps) {
  StepHistory out;
  std::vector<double> hours;
  ctx.db.read([&](store::Connection& connection) {
    const auto jobs = store::Jobs(connection).succeeded_with(spec.from_template->id, owner, kEarlierJobs);
    for (const store::JobRow& job : jobs) {
      if (!is_alike(stored_spec(job.spec), spec)) continue;
      const auto pace = pace_of(connection, job);
      if (!pace) continue;
      out.fastest_s = hours.empty() ? pace->step_s : std::min(out.fastest_s, pace->step_s);
      out.slowest_s = std::max(out.slowest_s, pace->step_s);
      hours.push_back(pace->other_hours + pace->step_s * static_cast<double>(steps) / 3600);
      if (out.machines.find(pace->machine) == std::string::npos)
        out.machines += (out.machines.empty() ? "" : ", ") + pace->machine;
    }
    return 0;
  });
  out.jobs = hours.size();
  if (hours.empty()) return out;
  std::sort(hours.begin(), hours.end());
  out.hours = fleet::Range{hours.front(), hours[hours.size() / 2], hours.back()};
  return out;
}

}  // namespace stoker::jobs
