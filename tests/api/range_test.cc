#include "core/api/range.h"

#include <gtest/gtest.h>

#include <string>

namespace stoker::api {
namespace {

std::string resolved(std::string_view header, int64_t size) {
  const auto range = resolve_range(header, size);
  if (!range) return "416";
  return std::string(range->partial ? "206 " : "200 ") + std::to_string(range->first) + "+" +
         std::to_string(range->size);
}

TEST(Range, FollowsTheStandard) {
  EXPECT_EQ(resolved("bytes=0-4", 10), "206 0+5");
  EXPECT_EQ(resolved("bytes=5-", 10), "206 5+5");
  EXPECT_EQ(resolved("bytes=-3", 10), "206 7+3");
  EXPECT_EQ(resolved("bytes=-30", 10), "206 0+10");
  EXPECT_EQ(resolved("bytes=9-9999999", 10), "206 9+1");
  EXPECT_EQ(resolved("bytes=0-9223372036854775807", 10), "206 0+10");
}

TEST(Range, OutOfBoundsIs416) {
  EXPECT_EQ(resolved("bytes=10-", 10), "416");
  EXPECT_EQ(resolved("bytes=9223372036854775807-", 10), "416");
  EXPECT_EQ(resolved("bytes=0-0", 0), "416");
  EXPECT_EQ(resolved("bytes=-0", 10), "416");
  EXPECT_EQ(resolved("bytes=-1", 0), "416");
}

TEST(Range, WhatIsNotOneRangeIsIgnored) {
  for (const char* odd : {"", "lines=0-4", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "bytes=0-1,3-4", "bytes=--1",
                          "bytes= 0-1", "bytes=99999999999999999999-"})
    EXPECT_EQ(resolved(odd, 10), "200 0+10") << odd;
}

}  // namespace
}  // namespace stoker::api
