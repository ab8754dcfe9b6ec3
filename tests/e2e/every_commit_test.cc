// A whole job, with a crash at each of its commits in turn.
#include "tests/e2e/crash_fixture.h"

namespace stoker::e2e {
namespace {

class EveryCommitTest : public CrashFixture, public testing::WithParamInterface<const char*> {};

TEST_P(EveryCommitTest, IsSurvived) {
  int commit = 1;
  while (crash_at(GetParam() + std::string(" ") + std::to_string(commit)) && !HasFailure()) ++commit;
  EXPECT_GT(commit, 25) << "a job has more commits than that";
  RecordProperty("commits", commit - 1);
}

INSTANTIATE_TEST_SUITE_P(Side, EveryCommitTest, testing::Values("before", "after"),
                         [](const auto& side) { return std::string(side.param); });

}  // namespace
}  // namespace stoker::e2e
