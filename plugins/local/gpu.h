// The GPUs of this machine, as nvidia-smi lists them.
#pragma once

#include <cstdint>
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

}  // namespace stoker::local
