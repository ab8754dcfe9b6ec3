// The numbers in PyTorch's report that a GPU has no memory left.
//
// As c10/cuda/CUDACachingAllocator.cpp of PyTorch 1.4 to 2.9 words it (https://github.com/pytorch/pytorch):
//   CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.69 GiB total capacity; 20.10 GiB already allocated;
//     1.02 GiB free; 21.40 GiB reserved in total by PyTorch)
//   CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.67 GiB of which 1.59 GiB is free.
//     Process 4242 has 3.50 GiB memory in use. Including non-PyTorch memory, this process has 18.58 GiB memory in use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stoker::training_log {

struct GpuMemory {
  int64_t gpu = -1;  // -1: it says none
  // GiB; negative: it does not say
  double wanted = -1, total = -1, free = -1, others = -1;  // others: held by other processes
};

[[nodiscard]] GpuMemory read_gpu_memory(std::string_view message);

// Whether the report has not come to its end: some terminals break it over several lines.
[[nodiscard]] bool is_gpu_memory_cut(std::string_view message);

// Whether other processes held so much that this is why.
[[nodiscard]] bool is_gpu_shared(const GpuMemory& memory);

}  // namespace stoker::training_log
