#include "core/runner/supervisor.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/runner/clock.h"
#include "core/runner/command.h"
#include "core/runner/daemon.h"
#include "core/runner/failure.h"
#include "core/runner/process.h"
#include "core/runner/protocol.h"
#include "core/runner/secrets.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::runner {
namespace {

void make_folder(const Job& job, const char* name) {
  if (::mkdirat(job.dir.get(), name, 0700) != 0 && errno != EEXIST) throw system_failure(std::string("make ") + name);
}

std::string started_record() {
  return JsonWriter().begin_object().member("boot_id", boot_id()).member("started_ms", wall_ms()).end_object().str();
}

std::string pid_record(pid_t pid) {
  const auto child = find_process(pid), self = find_process(::getpid());
  if (!child || !self) throw Failure(kExitFailed, "no /proc of the command");
  JsonWriter json;
  json.begin_object().member("pid", int64_t{pid}).member("start_time", child->start_time).member("boot_id", boot_id());
  json.member("runner_pid", int64_t{self->pid}).member("runner_start_time", self->start_time);
  return json.end_object().str();
}

// The exit record has its room on the disk before the training can fill it.
Descriptor reserve_exit_record(const Job& job, const std::string& temp) {
  Descriptor file = open_at(job.dir.get(), temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) throw system_failure("create " + temp);
  const int error = ::posix_fallocate(file.get(), 0, 4096);
  if (error == ENOSPC || error == EDQUOT) throw system_failure("reserve " + temp, error);
  return file;
}

int64_t synced_log_size(const Job& job) {
  const Descriptor log = open_at(job.dir.get(), "log", O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat info{};
  if (!log || ::fstat(log.get(), &info) != 0) return 0;
  ::fsync(log.get());
  return info.st_size;
}

std::string exit_record(int wait_status, int64_t log_bytes) {
  JsonWriter json;
  json.begin_object();
  if (WIFSIGNALED(wait_status))
    json.member("signal", WTERMSIG(wait_status));
  else
    json.member("code", WEXITSTATUS(wait_status));
  return json.member("log_bytes", log_bytes).member("ended_ms", wall_ms()).end_object().str();
}

void record_exit(const Job& job, const std::string& phase, Descriptor file, int wait_status) {
  const std::string temp = phase + ".exit.new";
  const std::string record = exit_record(wait_status, synced_log_size(job));
  for (int tries = 0; tries < 60; ++tries) {
    try {
      if (!file) file = open_at(job.dir.get(), temp, O_WRONLY | O_CREAT | O_NOFOLLOW);
      if (!file || ::lseek(file.get(), 0, SEEK_SET) != 0) throw system_failure("create " + temp);
      write_all(file.get(), record, temp.c_str());
      if (::ftruncate(file.get(), static_cast<off_t>(record.size())) != 0) throw system_failure("truncate " + temp);
      publish(job.dir.get(), file.get(), temp, phase + ".exit");
      return;
    } catch (const Failure&) {
      // A disk that is full or away may come back; without a record the end is known, but not the code.
      file.reset();
      struct stat folder{};
      if (::fstat(job.dir.get(), &folder) == 0 && folder.st_nlink == 0) return;  // removed
      ::sleep(1);
    }
  }
}

void supervise(const Job& job, const Spec& spec, const std::string& phase, Descriptor& start_lock,
               const Report& report) {
  // Daemons that leave the command's session become our children, and `stop` finds them.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const Descriptor alive = hold_lock(job.dir.get(), phase + ".lock");
  Descriptor exit_file = reserve_exit_record(job, phase + ".exit.new");
  write_durable(job.dir.get(), phase + ".started", started_record());
  Pipe gate = make_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw system_failure("fork");
  if (child == 0) {
    gate.write.reset();
    become_command(job, spec, phase, gate.read.get());
  }
  gate.read.reset();
  write_durable(job.dir.get(), phase + ".pid", pid_record(child));
  write_all(gate.write.get(), "g", "the gate");
  gate.write.reset();
  start_lock.reset();
  report();
  for (;;) {
    int wait_status = 0;
    const pid_t ended = ::waitpid(-1, &wait_status, 0);
    if (ended == child) record_exit(job, phase, std::move(exit_file), wait_status);
    if (ended < 0 && errno != EINTR) return;
  }
}

}  // namespace

bool start_phase(const Job& job, const std::string& phase) {
  const auto spec = job.spec();
  if (!spec) throw Failure(kExitFailed, "no spec.json in " + job.folder);
  if (spec->commands.count(phase) == 0) throw Failure(kExitFailed, "spec.json has no phase " + phase);
  Descriptor start_lock = hold_lock(job.dir.get(), kStartLock);
  if (exists(job.dir.get(), phase + ".started")) return false;
  (void)load_secrets(job);
  make_folder(job, "work");
  make_folder(job, "artifacts");
  start_daemon({job.dir.get(), start_lock.get()},
               [&](const Report& report) { supervise(job, *spec, phase, start_lock, report); });
  return true;
}

}  // namespace stoker::runner
