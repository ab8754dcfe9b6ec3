#include "core/runner/stop.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/runner/clock.h"
#include "core/runner/phase.h"
#include "core/runner/secrets.h"
#include "core/runner/supervisor.h"

namespace stoker::runner {
namespace {

constexpr int64_t kKillGraceMs = 10'000;
constexpr int64_t kRecordGraceMs = 5'000;  // for a supervisor to write the exit record
constexpr useconds_t kPauseUs = 20'000;

// Adds the children of what is in the set until nothing is added. Quadratic in the depth of the tree, which is small.
void add_descendants(const std::vector<Process>& all, std::set<pid_t>& members) {
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& process : all)
      if (members.count(process.parent) != 0 && members.insert(process.pid).second) grew = true;
  }
}

bool end_with(const Job& job, int signal, int64_t grace_ms) {
  std::set<std::pair<pid_t, int64_t>> told;
  const int64_t deadline = mono_ms() + grace_ms;
  for (;;) {
    const auto processes = job_processes(job);
    if (processes.empty()) return true;
    for (const auto& process : processes) {
      if (!told.insert({process.pid, process.start_time}).second) continue;
      send_signal(process, signal);
      // A stopped process would keep the signal waiting.
      send_signal(process, SIGCONT);
    }
    if (mono_ms() >= deadline) return false;
    ::usleep(kPauseUs);
  }
}

bool any_supervised(const Job& job) {
  return std::any_of(std::begin(kPhases), std::end(kPhases),
                     [&](const char* phase) { return is_lock_held(job.dir.get(), std::string(phase) + ".lock"); });
}

}  // namespace

std::vector<Process> job_processes(const Job& job) {
  const auto all = all_processes();
  std::set<pid_t> leaders, supervisors;
  for (const char* phase : kPhases) {
    const PhaseProcesses recorded = phase_processes(job, phase);
    if (recorded.leader != 0) leaders.insert(static_cast<pid_t>(recorded.leader));
    if (recorded.supervisor != 0) supervisors.insert(static_cast<pid_t>(recorded.supervisor));
  }
  std::set<pid_t> members = leaders;
  members.insert(supervisors.begin(), supervisors.end());
  for (const auto& process : all) {
    const bool grouped = leaders.count(process.group) != 0 || leaders.count(process.session) != 0;
    if (grouped || carries(process.pid, job.mark())) members.insert(process.pid);
  }
  add_descendants(all, members);
  std::vector<Process> found;
  for (const auto& process : all)
    if (members.count(process.pid) != 0 && supervisors.count(process.pid) == 0 && process.pid != ::getpid() &&
        process.lives())
      found.push_back(process);
  return found;
}

bool stop_job(const Job& job, int64_t grace_ms) {
  // A start that is under way ends first; its process is recorded then. In a folder that was removed nothing starts.
  if (exists(job.dir.get(), kStartLock)) (void)hold_lock(job.dir.get(), kStartLock);
  const bool stopped =
      end_with(job, SIGINT, grace_ms) || end_with(job, SIGTERM, grace_ms) || end_with(job, SIGKILL, kKillGraceMs);
  remove_secrets(job);
  for (const int64_t deadline = mono_ms() + kRecordGraceMs; any_supervised(job) && mono_ms() < deadline;)
    ::usleep(kPauseUs);
  return stopped;
}

}  // namespace stoker::runner
