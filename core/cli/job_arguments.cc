#include "core/cli/job_arguments.h"

namespace stoker::cli {

JobFile read_job(const Arguments& arguments) {
  JobFile job = JobFile::load(arguments.text("FILE"));
  for (const auto& assignment : arguments.all("--set")) job.set(assignment);
  for (const auto& assignment : arguments.all("--env")) job.set_env(assignment);
  if (arguments.has("--provider")) job.set_provider(arguments.text("--provider"));
  return job;
}

Error placed(const Error& error, const JobFile& job) {
  // A credential's field is one of the account's set-up.
  if (error.field.empty() || error.fault == Fault::auth || error.code == to_string(Fault::auth)) return error;
  Error with_line(error.fault, job.where(error.field) + ": " + error.what(), error.hint, error.field);
  with_line.code = error.code;
  return with_line;
}

}  // namespace stoker::cli
