#include <algorithm>

#include "core/cli/command.h"
#include "core/cli/json_reader.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

bool is_name(const std::string& names) {
  return std::all_of(names.begin(), names.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ',' ||
           c == '.' || c == '-';
  });
}

std::string number(const Json& value) { return format_number(value.number()); }

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  const std::string names = call.arguments.text("--names");
  if (!is_name(names))
    throw Error(Fault::invalid, "--names " + names + ": names are letters, digits, `_`, `.` and `-`");
  std::string path = "/v1/jobs/" + full_id(agent, "/v1/jobs", call.arguments.text("JOB")) + "/metrics";
  if (!names.empty()) path += "?names=" + names;
  const std::string answer = agent.get(path);
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  Table table({"METRIC", "POINTS", "FIRST", "LAST", "LOWEST", "HIGHEST", "LAST STEP"});
  for (const auto& series : Json::parse(answer, "the metrics")["data"].items()) {
    const auto all = series["points"].items();
    if (all.empty()) continue;
    const auto less = [](const Json& a, const Json& b) {
      return a["value"].number().value_or(0) < b["value"].number().value_or(0);
    };
    const auto [low, high] = std::minmax_element(all.begin(), all.end(), less);
    table.row({series["name"].text(), std::to_string(all.size()), number(all.front()["value"]),
               number(all.back()["value"]), number((*low)["value"]), number((*high)["value"]),
               number(all.back()["step"])});
  }
  table.print(call.out);
  return kDone;
}

}  // namespace

Command metrics_command() {
  return {"metrics",
          "Show what a job measured",
          {{"JOB", "its id, or the beginning of it"}},
          {{"--names", "A,B", "only these series"}},
          run};
}

}  // namespace stoker::cli
