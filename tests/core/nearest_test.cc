#include "core/nearest.h"

#include <gtest/gtest.h>

namespace stoker {
namespace {

const std::vector<std::string> kProviders = {"local", "ssh", "digitalocean", "aws", "gcp", "lambda", "vast"};

TEST(Nearest, FindsOneEdit) {
  EXPECT_EQ(nearest("lamda", kProviders), "lambda");
  EXPECT_EQ(nearest("lambdaa", kProviders), "lambda");
  EXPECT_EQ(nearest("lombda", kProviders), "lambda");
  EXPECT_EQ(nearest("digtialocean", kProviders), "digitalocean");
  EXPECT_EQ(nearest("digitalocan", kProviders), "digitalocean");
}

TEST(Nearest, ASwapOfNeighboursIsOneEdit) {
  EXPECT_EQ(nearest("asw", kProviders), "aws");
  EXPECT_EQ(nearest("shs", kProviders), "ssh");
}

TEST(Nearest, ComparesWithoutCase) { EXPECT_EQ(nearest("AWS", kProviders), "aws"); }

TEST(Nearest, KnowsWhenNothingIsNear) {
  EXPECT_EQ(nearest("kubernetes", kProviders), "");
  EXPECT_EQ(nearest("x", kProviders), "");
  EXPECT_EQ(nearest("", kProviders), "");
  EXPECT_EQ(nearest("aws", {}), "");
  EXPECT_EQ(nearest("a", {"b"}), "");
}

TEST(Nearest, TheCloserOneWinsAndTheFirstWinsATie) {
  EXPECT_EQ(nearest("max_cots", {"max_cosy", "max_cost"}), "max_cost");
  EXPECT_EQ(nearest("bat", {"cat", "hat"}), "cat");
}

TEST(Nearest, ForeignInputStaysCheap) {
  EXPECT_EQ(nearest(std::string(100'000, 'a'), kProviders), "");
  EXPECT_EQ(nearest("aws", {std::string(100'000, 'a')}), "");
}

}  // namespace
}  // namespace stoker
