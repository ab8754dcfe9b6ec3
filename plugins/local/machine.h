// What this machine has, as an offer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace stoker::local {

struct Gpus {
  std::uint32_t count = 0;
  std::string model;            // canonical: "H100", "A100-80GB", "RTX-4090"
  std::uint64_t mem_bytes = 0;  // of the smallest one
};

// The output of `nvidia-smi --query-gpu=name,memory.total --format=csv,noheader`. Of unlike GPUs the most frequent
// model counts, for one job wants like ones.
Gpus parse_gpus(std::string_view csv);

// "NVIDIA A100-SXM4-80GB" is "A100-80GB"; the memory tells apart what the name does not.
std::string canonical_gpu(std::string_view name, std::uint64_t mem_bytes);

// None where nvidia-smi is absent, fails or takes over 5 s.
Gpus find_gpus();

struct Machine {
  std::string host_name, cpu_arch;
  std::uint32_t vcpus = 0;
  std::uint64_t mem_bytes = 0, disk_bytes = 0;  // disk: free for us in `folder`
};

Machine this_machine(const std::filesystem::path& folder);

}  // namespace stoker::local
