#include <gtest/gtest.h>

#include <stoker/cpp/gpu_model.hpp>

namespace stoker {
namespace {

constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;

TEST(GpuModel, WhatNvidiaSmiSays) {
  EXPECT_EQ(gpu_model("NVIDIA H100 80GB HBM3", 80 * kGibi), "H100");
  EXPECT_EQ(gpu_model("NVIDIA A100-SXM4-80GB", 80 * kGibi), "A100-80GB");
  EXPECT_EQ(gpu_model("NVIDIA A100-PCIE-40GB", 40 * kGibi), "A100-40GB");
  EXPECT_EQ(gpu_model("NVIDIA GeForce RTX 4090", 24 * kGibi), "RTX-4090");
  EXPECT_EQ(gpu_model("NVIDIA GeForce RTX 4070 Ti SUPER", 16 * kGibi), "RTX-4070-Ti-SUPER");
  EXPECT_EQ(gpu_model("NVIDIA GeForce RTX 3080 Laptop GPU", 16 * kGibi), "RTX-3080");
  EXPECT_EQ(gpu_model("NVIDIA RTX 6000 Ada Generation", 48 * kGibi), "RTX-6000-Ada");
  EXPECT_EQ(gpu_model("Tesla T4", 15 * kGibi), "T4");
  EXPECT_EQ(gpu_model("Tesla V100-SXM2-16GB", 16 * kGibi), "V100");
  EXPECT_EQ(gpu_model("Tesla V100-SXM2-32GB"), "V100-32GB");
  EXPECT_EQ(gpu_model("NVIDIA L40S", 45 * kGibi), "L40S");
  EXPECT_EQ(gpu_model("NVIDIA RTX PRO 6000 Blackwell", 96 * kGibi), "RTX-PRO-6000");
  EXPECT_EQ(gpu_model("", 0), "");
  EXPECT_EQ(gpu_model("NVIDIA"), "");
}

TEST(GpuModel, WhatCloudsSay) {
  EXPECT_EQ(gpu_model("H100 (80 GB PCIe)", 80 * kGibi), "H100");
  EXPECT_EQ(gpu_model("A100 (40 GB SXM4)", 40 * kGibi), "A100-40GB");
  EXPECT_EQ(gpu_model("A6000 (48 GB)", 48 * kGibi), "RTX-A6000");
  EXPECT_EQ(gpu_model("RTX A6000"), "RTX-A6000");
  EXPECT_EQ(gpu_model("RTX 6000 (24 GB)", 24 * kGibi), "RTX-6000");
  EXPECT_EQ(gpu_model("GH200 (96 GB)", 96 * kGibi), "GH200");
  EXPECT_EQ(gpu_model("nvidia_rtx4000_ada", 20 * kGibi), "RTX-4000-Ada");
  EXPECT_EQ(gpu_model("nvidia_h200"), "H200");
  EXPECT_EQ(gpu_model("amd_mi300x", 192 * kGibi), "MI300X");
}

TEST(GpuModel, WhatPeopleType) {
  EXPECT_EQ(gpu_model("h100"), "H100");
  EXPECT_EQ(gpu_model("a100-80gb"), "A100-80GB");
  EXPECT_EQ(gpu_model("A100"), "A100");
  EXPECT_EQ(gpu_model("rtx4090"), "RTX-4090");
  EXPECT_EQ(gpu_model("RTX-4090"), "RTX-4090");
}

TEST(GpuModel, OnesOwnSpellingStays) {
  for (const char* name : {"H100", "A100-80GB", "A100-40GB", "RTX-4070-Ti-SUPER", "RTX-6000-Ada", "V100-32GB",
                           "RTX-A6000", "RTX-PRO-6000", "MI300X"})
    EXPECT_EQ(gpu_model(name), name);
}

TEST(GpuModel, WithoutMemoryAnyMemoryDoes) {
  EXPECT_TRUE(gpu_matches("A100", "A100-80GB"));
  EXPECT_TRUE(gpu_matches("V100", "V100"));
  EXPECT_TRUE(gpu_matches("", "H100"));
  EXPECT_FALSE(gpu_matches("A100-80GB", "A100-40GB"));
  EXPECT_FALSE(gpu_matches("RTX-4070", "RTX-4070-Ti"));
  EXPECT_FALSE(gpu_matches("H100", "H1000"));
  EXPECT_FALSE(gpu_matches("A1", "A100-80GB"));
}

}  // namespace
}  // namespace stoker
