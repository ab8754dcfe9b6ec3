#include "core/jobs/checkpoints.h"

#include <gtest/gtest.h>

namespace stoker::jobs {
namespace {

std::string order_of(const std::vector<remote::ManifestEntry>& entries, const char* pattern) {
  std::string list;
  for (const CheckpointFiles& one : checkpoints_in(pattern, entries))
    list += one.path + ":" + std::to_string(one.files.size()) + " ";
  return list;
}

TEST(Checkpoints, AreWhatThePatternMatches) {
  EXPECT_EQ(checkpoint_of("out/checkpoint-*", "out/checkpoint-5/model.bin"), "out/checkpoint-5");
  EXPECT_EQ(checkpoint_of("out/checkpoint-*", "out/checkpoint-5/deep/er/model.bin"), "out/checkpoint-5");
  EXPECT_EQ(checkpoint_of("./out/checkpoint-*/", "out/checkpoint-5/model.bin"), "out/checkpoint-5");
  EXPECT_EQ(checkpoint_of("out/*.pt", "out/last.pt"), "out/last.pt");
  EXPECT_EQ(checkpoint_of("**/checkpoint-*", "a/b/checkpoint-1/x"), "a/b/checkpoint-1");
  EXPECT_EQ(checkpoint_of("**/checkpoint-*", "checkpoint-1/x"), "checkpoint-1");
  EXPECT_EQ(checkpoint_of("out/checkpoint-*", "out/model.bin"), "");
  EXPECT_EQ(checkpoint_of("out/checkpoint-*", "checkpoint-5/model.bin"), "");
  EXPECT_EQ(checkpoint_of("out/checkpoint-?", "out/checkpoint-55/model.bin"), "");
}

TEST(Checkpoints, AreOrderedByTheirNumber) {
  EXPECT_EQ(order_of({{"out/checkpoint-100/a", 1, 9, ""},
                      {"out/checkpoint-100/b", 1, 9, ""},
                      {"out/checkpoint-20/a", 1, 10, ""},
                      {"out/notes", 1, 1, ""}},
                     "out/checkpoint-*"),
            "out/checkpoint-20:1 out/checkpoint-100:2 ");
  EXPECT_EQ(order_of({{"epoch=2-step=30.ckpt", 1, 1, ""}, {"epoch=10-step=4.ckpt", 1, 2, ""}}, "*.ckpt"),
            "epoch=10-step=4.ckpt:1 epoch=2-step=30.ckpt:1 ");
}

TEST(Checkpoints, WithoutANumberAreOrderedByTime) {
  EXPECT_EQ(order_of({{"a/best/x", 1, 30, ""}, {"a/last/x", 1, 20, ""}, {"a/last/y", 1, 25, ""}}, "a/*"),
            "a/last:2 a/best:1 ");
}

}  // namespace
}  // namespace stoker::jobs
