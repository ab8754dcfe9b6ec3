#include "core/cli/job_summary.h"

#include "core/cli/plain_text.h"
#include "core/cli/table.h"

namespace stoker::cli {

void print_job_summary(const Json& job, const std::filesystem::path& state_dir, std::ostream& out) {
  const std::string id = job["id"].text(), outcome = job["outcome"].text(), state = job["state"].text();
  out << "job " << printable(id) << " (" << printable(job["name"].text())
      << "): " << printable(outcome.empty() ? state : outcome);
  if (!outcome.empty() && outcome != state) out << ", now " << printable(state);
  if (const auto code = job["exit_code"].integer(); code && *code != 0) out << " with exit code " << *code;
  out << "\n";
  if (const std::string reason = job["reason"].text(); !reason.empty()) out << "reason: " << printable(reason) << "\n";
  if (const std::string hint = job["hint"].text(); !hint.empty()) out << "hint: " << printable(hint) << "\n";
  const int64_t start = job["started_ms"].integer().value_or(0), end = job["ended_ms"].integer().value_or(0);
  if (start > 0 && end >= start) out << "took: " << format_duration(static_cast<double>(end - start) / 1000) << "\n";
  if (const auto cost = job["cost"]["so_far"].number())
    out << "cost: " << format_money(cost, job["cost"]["currency"].text()) << "\n";
  const auto artifacts = state_dir / "jobs" / id / "artifacts";
  std::error_code ignored;
  if (std::filesystem::exists(artifacts, ignored)) out << "artifacts: " << artifacts.string() << "\n";
}

}  // namespace stoker::cli
