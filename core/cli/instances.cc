#include "core/cli/command.h"
#include "core/cli/json_reader.h"
#include "core/cli/offer_text.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  if (call.json) {
    call.out << agent.get("/v1/instances") << "\n";
    return kDone;
  }
  Table table({"INSTANCE", "PROVIDER", "STATE", "MACHINE", "REGION", "PER HOUR", "SO FAR", "JOB"});
  for_each_entry(agent, "/v1/instances", [&](const Json& one) {
    if (!is_open(one)) return;
    const std::string currency = one["cost"]["currency"].text();
    table.row({one["id"].text(), account_text(one), one["state"].text(), one["machine"].text(), one["region"].text(),
               format_money(one["cost"]["per_hour"].number(), currency),
               format_money(one["cost"]["so_far"].number(), currency), one["job_id"].text()});
  });
  table.print(call.out);
  return kDone;
}

}  // namespace

Command instances_command() { return {"instances", "List what is rented now and what it costs", {}, {}, run}; }

}  // namespace stoker::cli
