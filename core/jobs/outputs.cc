#include "core/jobs/outputs.h"

#include <algorithm>

#include "core/private_file.h"
#include "core/store/artifacts.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

void record(JobRun& run, const remote::ManifestEntry& entry, bool complete) {
  run.ctx.db.write("artifact", [&](store::Connection& connection) {
    store::Artifacts(connection).put({run.row.id, entry.path, entry.size, entry.xxh3, complete});
  });
}

void report_refused(JobRun& run, size_t refused) {
  JsonWriter json;
  json.begin_object().member("kind", "unsafe_artifact").member("severity", "warning").member("terminal", false);
  json.member("retryable", false);
  json.member("message", std::to_string(refused) + " output files have unsafe names and were left out");
  run.emit("diagnosis", json.member("hint", "rename them in the training").end_object().str());
}

}  // namespace

bool is_of_the_file(const Error& error) {
  return !store::is_store_error(error) && (error.fault == Fault::invalid || error.fault == Fault::conflict ||
                                           error.fault == Fault::forbidden || error.fault == Fault::internal);
}

void fetch_outputs(JobRun& run, const std::vector<std::string>& patterns, int64_t patience_ms) {
  size_t refused = 0;
  const auto entries = run.with_runner(patience_ms, [&](remote::RunnerClient& runner) {
    refused = 0;
    return runner.manifest(patterns, refused, nullptr, run.wait());
  });
  size_t failed = 0;
  std::string why;  // of the first
  const std::filesystem::path home = run.home() / "artifacts";
  ensure_private_folder(home);
  const auto have = run.ctx.db.read([&](store::Connection& c) { return store::Artifacts(c).of_job(run.row.id); });
  for (const remote::ManifestEntry& entry : entries) {
    const bool done = std::any_of(have.begin(), have.end(), [&](const store::ArtifactRow& row) {
      return row.path == entry.path && row.complete && row.xxh3 == entry.xxh3;
    });
    if (done) continue;
    record(run, entry, false);
    try {
      ensure_private_folder((home / entry.path).parent_path());
      run.with_runner(patience_ms, [&](remote::RunnerClient& runner) {
        runner.fetch(entry, home / entry.path, {[&] { run.heard(); }, nullptr}, run.wait());
      });
    } catch (const Error& error) {
      if (!is_of_the_file(error)) throw;
      if (failed++ == 0) why = error.what();
      continue;
    }
    record(run, entry, true);
  }
  if (refused > 0) report_refused(run, refused);
  if (failed > 0)
    throw Error(Fault::conflict,
                std::to_string(failed) + " of " + std::to_string(entries.size()) + " files did not come home: " + why);
}

std::vector<std::string> checkpoint_patterns(const JobSpec& spec) {
  if (spec.checkpoints.path.empty()) return {};
  return {spec.checkpoints.path, spec.checkpoints.path + "/"};  // a file, or all below a folder
}

}  // namespace stoker::jobs
