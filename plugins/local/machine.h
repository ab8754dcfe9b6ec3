// What this machine has, as an offer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "plugins/local/gpu.h"

namespace stoker::local {

// None where nvidia-smi is absent, fails or takes over 5 s.
Gpus find_gpus();

struct Machine {
  std::string host_name, cpu_arch;
  std::uint32_t vcpus = 0;
  std::uint64_t mem_bytes = 0, disk_bytes = 0;  // disk: free for us in `folder`
};

Machine this_machine(const std::filesystem::path& folder);

}  // namespace stoker::local
