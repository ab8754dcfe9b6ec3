#include "core/api/openai/client_event.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>

namespace stoker::api::openai {
namespace {

using simdjson::dom::object;

std::string text(const object& in, const char* name) {
  std::string_view value;
  return in[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

std::optional<double> number(simdjson::simdjson_result<simdjson::dom::element> from) {
  double value = 0;
  if (from.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<int64_t> whole(simdjson::simdjson_result<simdjson::dom::element> from) {
  const auto value = number(from);
  if (!value) return std::nullopt;
  return static_cast<int64_t>(*value);
}

void tell_state(const FineTuneJob& job, const object& in, ClientEvent& event) {
  struct Words {
    std::string_view state;
    const char* message;
    const char* type;
  };
  constexpr std::array kWords{
      Words{"queued", "", "job_pending"},
      Words{"provisioning", "Looking for a machine", "job_start"},
      Words{"connecting", "A machine is there; connecting to it", "job_start"},
      Words{"staging", "Uploading the files", "job_start"},
      Words{"setup", "Preparing the machine", "job_start"},
      Words{"running", "Fine-tuning job started", "training_start"},
      Words{"collecting", "Fetching what the training made", "model_uploading"},
      Words{"releasing", "Letting go of the machine", "model_uploading"},
      Words{"succeeded", "The job has successfully completed", "job_complete"},
      Words{"failed", "The job failed", "job_error"},
      Words{"cancelled", "The job was cancelled", "job_error"},
  };
  const std::string state = text(in, "state");
  for (const Words& words : kWords) {
    if (words.state != state) continue;
    event.message = words.message;
    event.together_type = words.type;
  }
  if (state == "queued") event.message = "Created fine-tuning job: " + job.id();
  const std::string reason = text(in, "reason");
  if (!reason.empty()) event.message += ": " + reason;
  if (state == "failed") event.level = "error";
}

// The numbers of a record by OpenAI's names, and ours beside them.
void tell_metrics(const FineTuneJob& job, const object& in, bool evaluation, ClientEvent& event) {
  JsonWriter json;
  json.begin_object();
  event.step = whole(in["step"]);
  if (event.step) json.member("step", *event.step);
  if (job.facts.total_steps) json.member("total_steps", *job.facts.total_steps);
  if (const auto epoch = number(in["epoch"])) json.member("epoch", *epoch);
  object values;
  std::optional<double> loss;
  if (in["values"].get(values) == simdjson::SUCCESS) {
    for (const auto& [key, value] : values) {
      const auto known = number(simdjson::simdjson_result<simdjson::dom::element>(simdjson::dom::element(value)));
      if (evaluation && key == "eval_loss") {
        loss = known;
        json.key("valid_loss"), known ? json.real(*known) : json.null();
        json.key("full_valid_loss"), known ? json.real(*known) : json.null();
        continue;
      }
      if (!evaluation && key == "train_loss") loss = known;
      if (key == "token_accuracy")
        json.key(evaluation ? "valid_mean_token_accuracy" : "train_mean_token_accuracy");
      else
        json.key(key);
      known ? json.real(*known) : json.null();
    }
  }
  event.data = json.end_object().str();
  const std::string of = job.facts.total_steps ? "/" + std::to_string(*job.facts.total_steps) : "";
  event.message = event.step ? fmt::format("Step {}{}", *event.step, of) : std::string("A record");
  if (loss) event.message += fmt::format(": {} loss={:.4g}", evaluation ? "validation" : "training", *loss);
  event.together_type = "training_start";
}

void tell_diagnosis(const object& in, ClientEvent& event) {
  const std::string severity = text(in, "severity"), hint = text(in, "hint");
  event.level = severity == "error" ? "error" : severity == "warning" ? "warn" : "info";
  event.message = text(in, "message");
  if (!hint.empty()) event.message += "; " + hint;
  event.together_type = severity == "error" ? "job_error" : "job_start";
}

void tell_run(const object& in, ClientEvent& event) {
  event.message = "The training began";
  if (const auto examples = whole(in["num_examples"])) event.message += fmt::format(", {} examples", *examples);
  if (const auto epochs = number(in["num_epochs"])) event.message += fmt::format(", {:g} epochs", *epochs);
  if (const auto steps = whole(in["total_steps"])) event.message += fmt::format(", {} steps", *steps);
  event.together_type = "training_start";
}

}  // namespace

const std::vector<std::string>& client_event_kinds() {
  static const std::vector<std::string> kinds = {"state", "run", "metric", "eval", "checkpoint", "diagnosis"};
  return kinds;
}

ClientEvent client_event(const FineTuneJob& job, const store::EventRow& row) {
  simdjson::dom::parser parser;
  const object in = parser.parse(row.data);
  ClientEvent event;
  event.seq = row.seq;
  event.t_ms = row.t_ms;
  if (row.kind == "state") tell_state(job, in, event);
  if (row.kind == "run") tell_run(in, event);
  if (row.kind == "metric" || row.kind == "eval") tell_metrics(job, in, row.kind == "eval", event);
  if (row.kind == "diagnosis") tell_diagnosis(in, event);
  if (row.kind == "checkpoint") {
    event.step = whole(in["step"]);
    event.path = text(in, "path");
    bool complete = false, home = false;
    if (in["complete"].get(complete) != simdjson::SUCCESS) complete = false;
    if (in["home"].get(home) != simdjson::SUCCESS) home = false;
    event.message = event.step ? fmt::format("Checkpoint at step {}", *event.step) : "The model was saved";
    if (complete) event.message += home ? " has come home" : " is complete";
    event.together_type = "checkpoint_save";
  }
  return event;
}

}  // namespace stoker::api::openai
