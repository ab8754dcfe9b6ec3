#include <algorithm>

#include "core/cli/command.h"
#include "core/cli/job_summary.h"
#include "core/cli/offer_text.h"
#include "core/cli/plain_text.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

// "gpu_1x_h100_pcie of lambda in us-west-3: refused: insufficient capacity"
std::string attempt_text(const Json& attempt) {
  const std::string region = attempt["region"].text(), reason = attempt["reason"].text();
  return attempt["machine"].text() + " of " + account_text(attempt) + (region.empty() ? "" : " in " + region) + ": " +
         attempt["state"].text() + (reason.empty() ? "" : ": " + reason);
}

// One that went well is the job's instance, which is shown already.
void print_attempts(const std::vector<Json>& attempts, std::ostream& out) {
  const auto failed = [](const Json& one) {
    return one["state"].text() == "refused" || one["state"].text() == "unknown";
  };
  if (attempts.size() < 2 && std::none_of(attempts.begin(), attempts.end(), failed)) return;
  for (const auto& one : attempts)
    out << "attempt " << one["attempt"].integer().value_or(0) << ": " << printable(attempt_text(one)) << "\n";
}

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  const std::string answer = agent.get("/v1/jobs/" + full_id(agent, "/v1/jobs", call.arguments.text("JOB")));
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const Json job = Json::parse(answer, "the job");
  print_job_summary(job, call.settings().state_dir, call.out);
  Table table({"FIELD", "VALUE"});
  table.row({"created", format_time(job["created_ms"].integer().value_or(0))});
  table.row({"started", format_time(job["started_ms"].integer().value_or(0))});
  table.row({"ended", format_time(job["ended_ms"].integer().value_or(0))});
  table.row({"attempt", std::to_string(job["attempt"].integer().value_or(0))});
  table.row({"instance", job["instance_id"].text()});
  table.row({"log parser", job["parser"].text()});
  table.row({"log bytes", std::to_string(job["log_bytes"].integer().value_or(0))});
  table.print(call.out);
  print_attempts(job["attempts"].items(), call.out);
  return kDone;
}

}  // namespace

Command show_command() { return {"show", "Show one job", {{"JOB", "its id, or the beginning of it"}}, {}, run}; }

}  // namespace stoker::cli
