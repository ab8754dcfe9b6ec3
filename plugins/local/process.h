// Processes of this machine, named so that a number used twice is never mistaken: by pid, start time and boot.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::local {

struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start = 0;  // clock ticks after boot, field 22 of /proc/PID/stat
  auto operator<=>(const ProcessId&) const = default;
};

struct ProcessStat {
  ProcessId id;
  pid_t parent = 0;
  char state = '?';
};

// The text of /proc/PID/stat. Nothing when it is not one.
std::optional<ProcessStat> parse_stat(std::string_view text);
std::optional<ProcessStat> stat_of(pid_t pid);

// Changes whenever this machine is started anew.
std::string boot_id();

// A zombie is not alive; where it is a child of ours it is reaped.
bool alive(const ProcessId& process);

// Every process with `mark` ("NAME=value") in its environment, `root` if it is alive, and all their descendants. Never
// the caller.
std::set<ProcessId> marked(std::string_view mark, std::optional<ProcessId> root);

// Sends the signal to exactly these processes; those that are gone are skipped. Throws Failure when one may not be
// signalled.
void signal_all(const std::set<ProcessId>& processes, int signal);

// Waits until all have ended, at most `timeout_ms`. Returns whether they have.
bool wait_all(const std::set<ProcessId>& processes, int timeout_ms);

}  // namespace stoker::local
