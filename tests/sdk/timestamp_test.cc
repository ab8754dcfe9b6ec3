#include <gtest/gtest.h>

#include <stoker/cpp/timestamp.hpp>

namespace stoker {
namespace {

TEST(Timestamp, IsMillisecondsSince1970) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:01Z"), 1000);
  EXPECT_EQ(parse_timestamp("2026-11-01T10:00:00Z"), 1793527200000);
  EXPECT_EQ(parse_timestamp("2026-11-01T10:00:00.25Z"), 1793527200250);
  EXPECT_EQ(parse_timestamp("2026-11-01T10:00:00.123456789Z"), 1793527200123);
  EXPECT_EQ(parse_timestamp("2026-11-01 10:00:00z"), 1793527200000);
  EXPECT_EQ(parse_timestamp("2026-11-01T11:30:00+01:30"), 1793527200000);
  EXPECT_EQ(parse_timestamp("2026-11-01T07:00:00-03:00"), 1793527200000);
}

TEST(Timestamp, AnythingElseIsNone) {
  for (const char* text : {"", "2026", "2026-11-01", "2026-11-01T10:00:00", "2026-13-01T10:00:00Z",
                           "2026-02-30T10:00:00Z", "2026-11-01T24:00:00Z", "2026-11-01T10:00:00Z ",
                           "2026-11-01T10:00:00+1", "-026-11-01T10:00:00Z", "2026-11-01T10:00:00+99:00", "yesterday"})
    EXPECT_EQ(parse_timestamp(text), 0) << text;
}

}  // namespace
}  // namespace stoker
