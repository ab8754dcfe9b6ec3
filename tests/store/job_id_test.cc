#include "core/store/job_id.h"

#include <gtest/gtest.h>

namespace stoker::store {
namespace {

TEST(JobId, SortsByTime) {
  std::string last;
  for (int64_t ms : {int64_t{0}, int64_t{1}, int64_t{31}, int64_t{32}, int64_t{1'700'000'000'000},
                     int64_t{1'700'000'000'001}, (int64_t{1} << 42) - 1}) {
    const std::string id = new_job_id(ms);
    EXPECT_EQ(id.size(), 13u);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos) << id;
    EXPECT_LT(last, id);
    last = id;
  }
  EXPECT_NE(new_job_id(5), new_job_id(5)) << "22 random bits";
}

}  // namespace
}  // namespace stoker::store
