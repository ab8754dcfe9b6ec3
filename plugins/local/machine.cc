#include "plugins/local/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "plugins/local/launch.h"

namespace stoker::local {

Gpus find_gpus() {
  for (const char* tool : {"/usr/bin/nvidia-smi", "/usr/local/bin/nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"}) {
    if (::access(tool, X_OK) != 0) continue;
    const auto result = run_tool(tool, {"--query-gpu=name,memory.total", "--format=csv,noheader"}, 5000);
    return result.exit_code == 0 ? parse_gpus(result.output) : Gpus{};
  }
  return {};
}

Machine this_machine(const std::filesystem::path& folder) {
  Machine machine;
  utsname name{};
  if (::uname(&name) == 0) {
    machine.host_name = name.nodename;
    machine.cpu_arch = name.machine;
  }
  cpu_set_t cpus;
  if (::sched_getaffinity(0, sizeof(cpus), &cpus) == 0) machine.vcpus = static_cast<std::uint32_t>(CPU_COUNT(&cpus));
  machine.mem_bytes =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (!error) machine.disk_bytes = space.available;
  return machine;
}

}  // namespace stoker::local
