// The two commands of a job: what prepares the machine, and the training itself.
#include "core/jobs/log_ingest.h"
#include "core/jobs/phase.h"
#include "core/jobs/stages.h"

namespace stoker::jobs {

using store::JobState;

void setup(JobRun& run) {
  if (!run.spec.setup.empty()) {
    const remote::PhaseStatus status = run_phase(run, "setup");
    if (const std::string failure = failure_of(status, "setup"); !failure.empty()) {
      Error error(Fault::invalid, failure, "stoker logs " + run.row.id + " shows what it printed");
      run.row.exit_code = status.exit_code;
      throw error;
    }
  }
  run.commit("running", [&](store::JobRow& it) {
    it.state = JobState::running;
    it.started_ms = run.ctx.clock.wall_ms();
  });
}

void train(JobRun& run) {
  const remote::PhaseStatus status = run_phase(run, "train");
  const std::string failure = failure_of(status, "train");
  const TrainingEnd end = finish_parsing(run, failure.empty());
  run.commit("training ended", [&](store::JobRow& it) {
    it.state = JobState::collecting;
    it.exit_code = status.exit_code;
    it.outcome = failure.empty() ? "succeeded" : "failed";
    if (failure.empty()) return;
    it.reason = end.diagnosis.empty() ? failure : failure + ": " + end.diagnosis;
    it.hint = end.hint.empty() ? "stoker logs " + it.id + " shows what it printed" : end.hint;
  });
}

}  // namespace stoker::jobs
