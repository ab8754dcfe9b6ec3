// Brings home what the job made, as best it can when the job failed.
#include <algorithm>
#include <set>

#include "core/jobs/log_ingest.h"
#include "core/jobs/phase.h"
#include "core/jobs/stages.h"
#include "core/json.h"
#include "core/private_file.h"
#include "core/store/artifacts.h"

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
  finish_parsing(run);
}

void record(JobRun& run, const remote::ManifestEntry& entry, bool complete) {
  run.ctx.db.write("artifact", [&](store::Connection& connection) {
    store::Artifacts(connection).put({run.row.id, entry.path, entry.size, entry.xxh3, complete});
  });
}

// Names that would collide as file and folder, or twice, on this machine are taken once, in the order of the manifest.
void fetch_all(JobRun& run) {
  size_t refused = 0;
  const auto entries = run.with_runner(kPatienceMs, [&](remote::RunnerClient& runner) {
    refused = 0;
    return runner.manifest(run.spec.outputs, refused, run.wait());
  });
  const std::filesystem::path home = run.home() / "artifacts";
  ensure_private_folder(home);
  const auto have = run.ctx.db.read([&](store::Connection& c) { return store::Artifacts(c).of_job(run.row.id); });
  for (const remote::ManifestEntry& entry : entries) {
    const bool done = std::any_of(have.begin(), have.end(), [&](const store::ArtifactRow& row) {
      return row.path == entry.path && row.complete && row.xxh3 == entry.xxh3;
    });
    if (done) continue;
    record(run, entry, false);
    ensure_private_folder((home / entry.path).parent_path());
    run.with_runner(kPatienceMs,
                    [&](remote::RunnerClient& runner) { runner.fetch(entry, home / entry.path, run.wait()); });
    record(run, entry, true);
  }
  if (refused > 0) {
    JsonWriter json;
    json.begin_object().member("kind", "unsafe_artifact").member("severity", "warning").member("terminal", false);
    json.member("retryable", false)
        .member("message", std::to_string(refused) + " output files have unsafe names and were left out");
    run.emit("diagnosis", json.member("hint", "rename them in the training").end_object().str());
  }
}

}  // namespace

void collect(JobRun& run) {
  const bool well = run.row.outcome == "succeeded";
  run.limit(well ? kAfterSuccessMs : kAfterFailureMs);
  std::string trouble;
  try {
    if (!well) stop_and_drain(run);
    fetch_all(run);
  } catch (const Error& error) {
    if (store::is_store_error(error) || run.closing().cancel.stop_requested()) throw;
    trouble = std::string("not everything could be fetched: ") + error.what();
  }
  run.commit("releasing", [&](store::JobRow& it) {
    it.state = store::JobState::releasing;
    if (trouble.empty()) return;
    if (well) it.outcome = "failed";
    it.reason = it.reason.empty() ? trouble : it.reason + "; " + trouble;
  });
}

}  // namespace stoker::jobs
