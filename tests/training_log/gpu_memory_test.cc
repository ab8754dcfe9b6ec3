#include "core/training_log/gpu_memory.h"

#include <gtest/gtest.h>

namespace stoker::training_log {
namespace {

TEST(GpuMemory, ReadsTheOldReport) {
  const auto memory = read_gpu_memory(
      "CUDA out of memory. Tried to allocate 512.00 MiB (GPU 3; 23.69 GiB total capacity; 20.10 GiB already allocated; "
      "1.02 GiB free; 21.40 GiB reserved in total by PyTorch)");
  EXPECT_EQ(memory.gpu, 3);
  EXPECT_DOUBLE_EQ(memory.wanted, 0.5);
  EXPECT_DOUBLE_EQ(memory.total, 23.69);
  EXPECT_DOUBLE_EQ(memory.free, 1.02);
  EXPECT_LT(memory.others, 0);
  EXPECT_FALSE(is_gpu_shared(memory));
}

TEST(GpuMemory, ReadsTheNewReportAndWhoElseHoldsMemory) {
  const auto memory = read_gpu_memory(
      "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.67 GiB of which 1.59 GiB is "
      "free. Process 42 has 3.50 GiB memory in use. Process 43 has 2.50 GiB memory in use. Including non-PyTorch "
      "memory, this process has 16.08 GiB memory in use.");
  EXPECT_EQ(memory.gpu, 0);
  EXPECT_DOUBLE_EQ(memory.wanted, 2);
  EXPECT_DOUBLE_EQ(memory.total, 23.67);
  EXPECT_DOUBLE_EQ(memory.free, 1.59);
  EXPECT_DOUBLE_EQ(memory.others, 6);
  EXPECT_TRUE(is_gpu_shared(memory));
}

TEST(GpuMemory, ReadsTheMisspeltReportWithoutItsGpu) {
  const auto memory = read_gpu_memory(
      "CUDA out of memory. Tried to allocate 20.00 MiB. GPU  has a total capacty of 79.15 GiB of which 4.00 KiB is "
      "free.");
  EXPECT_EQ(memory.gpu, -1);
  EXPECT_DOUBLE_EQ(memory.total, 79.15);
  EXPECT_DOUBLE_EQ(memory.free, 0x1p-18);
}

TEST(GpuMemory, RubbishSaysNothing) {
  for (const char* text : {"", "CUDA out of memory.", "Tried to allocate lots", "(GPU x; free)", "Process 1 has no",
                           "; total capacity", "Process  has 3 GiB"}) {
    const auto memory = read_gpu_memory(text);
    EXPECT_LT(memory.wanted, 0) << text;
    EXPECT_LT(memory.total, 0) << text;
    EXPECT_LT(memory.free, 0) << text;
    EXPECT_LT(memory.others, 0) << text;
  }
}

}  // namespace
}  // namespace stoker::training_log
