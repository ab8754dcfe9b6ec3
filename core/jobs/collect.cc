// Brings home what the job made, as best it can when the job failed.
#include "core/jobs/checkpoints.h"
#include "core/jobs/log_ingest.h"
#include "core/jobs/outputs.h"
#include "core/jobs/phase.h"
#include "core/jobs/stages.h"

namespace stoker::jobs {
namespace {

constexpr int64_t kAfterFailureMs = 10 * kMinute;
constexpr int64_t kAfterSuccessMs = 24 * kHour;
constexpr int64_t kPatienceMs = 5 * kMinute;
constexpr int64_t kStopGraceMs = 10 * kSecond;

void stop_and_drain(JobRun& run) {
  run.with_runner(kPatienceMs, [&](remote::RunnerClient& runner) { runner.stop(kStopGraceMs, run.wait()); });
  if (!run.spec.setup.empty()) drain_log(run, "setup");
  drain_log(run, "train");
  finish_parsing(run, false);
}

}  // namespace

void collect(JobRun& run) {
  const bool well = run.row.outcome == "succeeded";
  run.limit(well ? kAfterSuccessMs : kAfterFailureMs);
  std::string trouble;
  try {
    if (!well) stop_and_drain(run);
    const int64_t patience_ms = well ? kAfterSuccessMs : kPatienceMs;
    try {
      fetch_checkpoints(run, true, patience_ms, {});
    } catch (const Error& error) {
      if (error.fault != Fault::conflict) throw;  // the others' way home is well
      trouble = error.what();
    }
    fetch_outputs(run, run.spec.outputs, patience_ms);
  } catch (const Error& error) {
    if (store::is_store_error(error) || run.closing().cancel.stop_requested()) throw;
    trouble += (trouble.empty() ? "" : "; ") + std::string("not everything could be fetched: ") + error.what();
  }
  run.commit("releasing", [&](store::JobRow& it) {
    it.state = store::JobState::releasing;
    if (trouble.empty()) return;
    it.reason = it.reason.empty() ? trouble : it.reason + "; " + trouble;
  });
}

}  // namespace stoker::jobs
