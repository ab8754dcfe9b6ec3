#include "core/cli/command.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/plain_text.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

constexpr const char* kList = "/v1/templates";

std::string value_text(const Json& value) {
  const std::string text = value.text();
  if (!text.empty()) return text;
  return value.number() ? format_number(value.number()) : value.dump();
}

// "1 to 50", "lora, qlora, full"
std::string choice_text(const Json& parameter) {
  std::string text;
  for (const Json& choice : parameter["choices"].items()) text += (text.empty() ? "" : ", ") + choice.text();
  if (!text.empty()) return text;
  if (parameter["type"].text() == "boolean") return "true, false";
  const Json min = parameter["min"], max = parameter["max"];
  if (!min.is_null() && !max.is_null()) return min.dump() + " to " + max.dump();
  if (!min.is_null()) return "from " + min.dump();
  return max.is_null() ? parameter["type"].text() : "to " + max.dump();
}

// "0.0002; 1e-05 with method full"
std::string default_text(const Json& parameter) {
  std::string text = value_text(parameter["default"]);
  for (const Json& one : parameter["exceptions"].items())
    text += "; " + value_text(one["default"]) + " with " + one["parameter"].text() + " " + one["value"].text();
  return text;
}

void list(const Json& answer, std::ostream& out) {
  Table table({"TEMPLATE", "TRAINS ON", "HAS RUN ON", "SUMMARY"});
  for (const Json& one : answer["data"].items())
    table.row(
        {one["id"].text(), one["needs_gpu"].boolean() ? "GPU" : "CPU", one["ran_on"].text(), one["summary"].text()});
  table.print(out);
}

void show(const Json& one, std::ostream& out) {
  out << printable(one["id"].text() + ": " + one["summary"].text()) << "\n\n";
  Table data({"DATA", "NEEDED", "WHAT"});
  for (const Json& file : one["data"].items())
    data.row({file["to"].text(), file["required"].boolean() ? "yes" : "no", file["help"].text()});
  data.print(out);
  out << "\n";
  Table table({"PARAMETER", "DEFAULT", "MAY BE", "WHAT"});
  for (const Json& parameter : one["parameters"].items())
    table.row({parameter["name"].text(), default_text(parameter), choice_text(parameter), parameter["help"].text()});
  table.print(out);
  std::string packages;
  for (const Json& package : one["packages"].items()) packages += " " + package.text();
  if (!packages.empty()) out << "\npackages:" << printable(packages) << "\n";
}

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  const std::string id = call.arguments.text("ID");
  const std::string answer = agent.get(id.empty() ? kList : entry_path(kList, id));
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const Json json = Json::parse(answer, "the answer");
  id.empty() ? list(json, call.out) : show(json, call.out);
  return kDone;
}

}  // namespace

Command templates_command() {
  return {"templates",
          "List the training templates, or show one with its parameters",
          {{"ID", "the template; else all are listed", false}},
          {},
          run,
          "0  done\n  1  failed\n  2  bad usage\n  3  no agent can be reached or started"};
}

}  // namespace stoker::cli
