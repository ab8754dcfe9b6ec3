#include "plugins/local/gpu.h"

#include <gtest/gtest.h>

namespace stoker::local {
namespace {

TEST(Gpu, LikeGpusAreCounted) {
  const auto gpus = parse_gpus("NVIDIA H100 80GB HBM3, 81559 MiB\nNVIDIA H100 80GB HBM3, 81558 MiB\n");
  EXPECT_EQ(gpus.count, 2U);
  EXPECT_EQ(gpus.model, "H100");
  EXPECT_EQ(gpus.mem_bytes, 81558ULL * 1024 * 1024);
}

TEST(Gpu, OfUnlikeOnesTheMostFrequentCounts) {
  const auto gpus = parse_gpus("Tesla T4, 15360 MiB\nNVIDIA L4, 23034 MiB\nNVIDIA L4, 23034 MiB");
  EXPECT_EQ(gpus.count, 2U);
  EXPECT_EQ(gpus.model, "L4");
}

TEST(Gpu, AnythingElseIsNoGpu) {
  EXPECT_EQ(parse_gpus("No devices were found\n").count, 0U);
  EXPECT_EQ(parse_gpus("NVIDIA-SMI has failed, because it couldn't communicate\n").count, 0U);
  EXPECT_EQ(parse_gpus("").count, 0U);
  EXPECT_EQ(parse_gpus("Tesla T4, [N/A]\n, 5 MiB\nTesla T4, 99999999999999999999 MiB").count, 0U);
}

}  // namespace
}  // namespace stoker::local
