#include "plugins/local/gpu.h"

#include <gtest/gtest.h>

namespace stoker::local {
namespace {

constexpr std::uint64_t kGibi = 1024ULL * 1024 * 1024;

TEST(Gpu, NamesBecomeCanonical) {
  EXPECT_EQ(canonical_gpu("NVIDIA H100 80GB HBM3", 80 * kGibi), "H100");
  EXPECT_EQ(canonical_gpu("NVIDIA A100-SXM4-80GB", 80 * kGibi), "A100-80GB");
  EXPECT_EQ(canonical_gpu("NVIDIA A100-PCIE-40GB", 40 * kGibi), "A100-40GB");
  EXPECT_EQ(canonical_gpu("NVIDIA GeForce RTX 4090", 24 * kGibi), "RTX-4090");
  EXPECT_EQ(canonical_gpu("NVIDIA GeForce RTX 4070 Ti SUPER", 16 * kGibi), "RTX-4070-Ti-SUPER");
  EXPECT_EQ(canonical_gpu("NVIDIA GeForce RTX 3080 Laptop GPU", 16 * kGibi), "RTX-3080");
  EXPECT_EQ(canonical_gpu("NVIDIA RTX 6000 Ada Generation", 48 * kGibi), "RTX-6000-Ada");
  EXPECT_EQ(canonical_gpu("Tesla T4", 15 * kGibi), "T4");
  EXPECT_EQ(canonical_gpu("Tesla V100-SXM2-16GB", 16 * kGibi), "V100");
  EXPECT_EQ(canonical_gpu("NVIDIA L40S", 45 * kGibi), "L40S");
  EXPECT_EQ(canonical_gpu("", 0), "");
}

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
