// Processes of this machine, told apart from later ones with the same pid by their start time and the boot id.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stoker::runner {

struct Process {
  pid_t pid = 0, parent = 0, group = 0, session = 0;
  char state = '?';        // as in /proc/PID/stat; Z is dead but not yet reaped
  int64_t start_time = 0;  // clock ticks since boot

  [[nodiscard]] bool lives() const { return state != 'Z' && state != 'X'; }
};

[[nodiscard]] std::optional<Process> find_process(pid_t pid);
[[nodiscard]] std::vector<Process> all_processes();
// True while this very process lives: same pid, same start time, not a zombie.
[[nodiscard]] bool is_alive(pid_t pid, int64_t start_time);
// True when the environment that the process was started with holds this NAME=VALUE.
[[nodiscard]] bool carries(pid_t pid, const std::string& entry);
// False when it is gone. Never reaches a later process with the same pid where the kernel has pidfds (Linux 5.3).
bool send_signal(const Process& process, int signal);

// Empty where the kernel does not tell (gVisor).
[[nodiscard]] std::string boot_id();

}  // namespace stoker::runner
