#include "core/runner/phase.h"

#include "core/runner/process.h"
#include "core/runner/record.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::runner {
namespace {

bool read_exit(const Job& job, const std::string& phase, PhaseStatus& status) {
  const auto record = Record::read(job.dir.get(), phase + ".exit");
  if (!record) return false;
  status.state = "exited";
  if (record->has("signal"))
    status.signal = record->integer("signal");
  else
    status.code = record->integer("code");
  status.log_bytes = record->integer("log_bytes");
  status.ended_ms = record->integer("ended_ms");
  return true;
}

}  // namespace

std::string PhaseStatus::json() const {
  JsonWriter json;
  json.begin_object().member("state", state).member("pid", pid).member("start_time", start_time);
  json.member("boot_id", boot_id);
  if (code) json.key("exit").begin_object().member("code", *code).end_object();
  if (signal) json.key("exit").begin_object().member("signal", *signal).end_object();
  json.member("log_bytes", log_bytes).member("log_size", log_size).member("ended_ms", ended_ms);
  return json.end_object().str();
}

PhaseStatus phase_status(const Job& job, const std::string& phase) {
  PhaseStatus status;
  const auto started = Record::read(job.dir.get(), phase + ".started");
  if (!started && !exists(job.dir.get(), phase + ".started")) {
    status.log_size = job.log_size();
    return status;
  }
  status.boot_id = started ? started->text("boot_id") : "";
  // The lock is read before the exit record: a supervisor writes the record first and lets go of the lock after.
  const bool supervised = is_lock_held(job.dir.get(), phase + ".lock");
  if (const auto pid = Record::read(job.dir.get(), phase + ".pid")) {
    status.pid = pid->integer("pid");
    status.start_time = pid->integer("start_time");
  }
  const bool recorded = read_exit(job, phase, status);
  status.log_size = job.log_size();
  if (recorded) return status;
  if (supervised) {
    status.state = "running";
  } else if (status.boot_id != boot_id()) {
    status.state = "rebooted";
  } else if (status.pid > 0 && is_alive(static_cast<pid_t>(status.pid), status.start_time)) {
    status.state = "unsupervised";
  } else {
    status.state = "lost";
  }
  if (status.ended()) status.log_bytes = status.log_size;
  return status;
}

PhaseProcesses phase_processes(const Job& job, const std::string& phase) {
  PhaseProcesses found;
  const auto record = Record::read(job.dir.get(), phase + ".pid");
  if (!record || record->text("boot_id") != boot_id()) return found;
  const int64_t leader = record->integer("pid"), supervisor = record->integer("runner_pid");
  if (is_alive(static_cast<pid_t>(leader), record->integer("start_time"))) found.leader = leader;
  if (is_alive(static_cast<pid_t>(supervisor), record->integer("runner_start_time"))) found.supervisor = supervisor;
  return found;
}

}  // namespace stoker::runner
