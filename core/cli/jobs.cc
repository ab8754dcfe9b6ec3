#include "core/cli/command.h"
#include "core/cli/json_reader.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

int run(Invocation& call) {
  std::string path = "/v1/jobs";
  if (call.arguments.has("--limit")) path += "?limit=" + call.arguments.text("--limit");
  const std::string answer = call.agent().get(path);
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const Json list = Json::parse(answer, "the list of jobs");
  Table table({"JOB", "NAME", "STATE", "OUTCOME", "COST", "CREATED"});
  for (const auto& job : list["data"].items())
    table.row({job["id"].text(), job["name"].text(), job["state"].text(), job["outcome"].text(),
               format_money(job["cost"]["so_far"].number(), job["cost"]["currency"].text()),
               format_time(job["created_ms"].integer().value_or(0))});
  table.print(call.out);
  if (list["has_more"].boolean()) call.note("there are older jobs; --limit N shows more");
  return kDone;
}

}  // namespace

Command jobs_command() {
  return {"jobs", "List the jobs, newest first", {}, {{"--limit", "N", "how many at most"}}, run};
}

}  // namespace stoker::cli
