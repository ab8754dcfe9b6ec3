#include <algorithm>

#include "core/cli/command.h"
#include "core/cli/json_reader.h"
#include "core/cli/offer_text.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

// "12 min", with the time until or since then.
std::string span_text(int64_t ms) { return format_duration(static_cast<double>(std::max<int64_t>(0, ms)) / 1000); }

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  if (call.json) {
    call.out << agent.get("/v1/instances") << "\n";
    return kDone;
  }
  const int64_t now = call.clock.wall_ms();
  Table table({"INSTANCE", "PROVIDER", "STATE", "MACHINE", "REGION", "PER HOUR", "SO FAR", "IDLE", "IDLE COST",
               "GOES IN", "JOB"});
  for_each_entry(agent, "/v1/instances", [&](const Json& one) {
    if (!is_open(one)) return;
    const std::string currency = one["cost"]["currency"].text();
    const auto idle_since = one["idle_since_ms"].integer(), goes = one["goes_ms"].integer();
    const bool was_idle = one["idle_cost"].number().value_or(0) > 0;
    table.row({one["id"].text(), account_text(one), one["idle"].boolean() ? "kept" : one["state"].text(),
               one["machine"].text(), one["region"].text(), format_money(one["cost"]["per_hour"].number(), currency),
               format_money(one["cost"]["so_far"].number(), currency), idle_since ? span_text(now - *idle_since) : "-",
               was_idle ? format_money(one["idle_cost"].number(), currency) : "-", goes ? span_text(*goes - now) : "-",
               one["holder"].text()});
  });
  table.print(call.out);
  return kDone;
}

}  // namespace

Command instances_command() {
  return {"instances", "List what is rented now, what it costs, and when it goes", {}, {}, run};
}

}  // namespace stoker::cli
